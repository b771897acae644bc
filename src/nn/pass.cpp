#include "nn/pass.hpp"

#include <cstring>

namespace mlrun {

Pass::Pass(const ParameterArena& parameters)
    : parameters_(&parameters), noise_(0, "no noise in evaluation"), variables_(parameters.parameters().size()) {}

Pass::Pass(const ParameterArena& parameters, Tensor gradients, int64_t step, RandomStream noise, bool accumulate,
           Statistics* statistics)
    : parameters_(&parameters),
      gradients_(std::move(gradients)),
      step_(step),
      accumulate_(accumulate),
      statistics_(statistics),
      noise_(noise),
      variables_(parameters.parameters().size()) {}

Variable Pass::operator()(const Parameter& parameter) {
  Variable& v = variables_[parameter.index()];
  if (!v.defined()) {
    v = training() ? tape_.leaf(parameter.value(), parameters_->window(gradients_, parameter.index()), accumulate_)
                   : Variable(parameter.value());
  }
  return v;
}

void Pass::backward(const Variable& loss, float seed) {
  tape_.backward(loss, seed);
  if (accumulate_) return;
  for (size_t i = 0; i < variables_.size(); ++i) {  // a parameter that this pass never asked for has gradient 0
    if (variables_[i].defined()) continue;
    Tensor window = parameters_->window(gradients_, i);
    std::memset(window.raw(), 0, window.bytes());
  }
}

}  // namespace mlrun
