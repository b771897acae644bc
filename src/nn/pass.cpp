#include "nn/pass.hpp"

#include <cstring>

namespace mlrun {

Pass::Pass(const ParameterArena& parameters)
    : parameters_(&parameters), noise_(0, "no noise in evaluation"), variables_(parameters.parameters().size()) {}

Pass::Pass(const ParameterArena& parameters, Tensor gradients, int64_t step, RandomStream noise,
           const PassOptions& options)
    : parameters_(&parameters),
      gradients_(std::move(gradients)),
      step_(step),
      options_(options),
      records_(true),
      noise_(noise),
      variables_(parameters.parameters().size()) {}

Pass::Pass(const Pass& of, uint64_t noise_uses, bool records)
    : parameters_(of.parameters_),
      gradients_(of.gradients_),
      step_(of.step_),
      records_(records),
      noise_(of.noise_),
      noise_uses_(noise_uses),
      variables_(of.variables_.size()) {
  if (records) destinations_.resize(variables_.size());
  else options_.statistics = of.options_.statistics;
}

Variable Pass::operator()(const Parameter& parameter) { return this->parameter(parameter.index()); }

Variable Pass::parameter(size_t index) {
  Variable& v = variables_[index];
  if (v.defined()) return v;
  const Tensor value = parameters_->value(index);
  if (!records_) {
    v = Variable(value);
  } else if (destinations_.empty()) {
    v = tape_.leaf(value, parameters_->window(gradients_, index), options_.accumulate);
  } else {
    v = tape_.leaf(value, destinations_[index].tensor, destinations_[index].accumulate);
  }
  return v;
}

Variable Pass::block(const Variable& x, const Block& block) {
  if (!options_.recompute) return block(*this, x);
  const uint64_t noise_uses = noise_uses_;
  Pass first(*this, noise_uses, /*records=*/false);
  const Tensor y = block(first, x.value()).value();
  noise_uses_ = first.noise_uses_;
  std::vector<Variable> inputs = {x};
  std::vector<size_t> used;
  for (size_t i = 0; i < variables_.size(); ++i) {
    if (!first.variables_[i].defined()) continue;
    used.push_back(i);
    inputs.push_back(parameter(i));
  }
  return record_joint(y, inputs, [this, noise_uses, block, used, x = x.value()](const Tensor& dy, auto& to) {
    Pass again(*this, noise_uses, /*records=*/true);
    for (size_t i = 0; i < used.size(); ++i) again.destinations_[used[i]] = to[i + 1];
    const Variable from = to[0].needed ? again.tape_.leaf(x) : Variable(x);
    again.tape_.backward(block(again, from), dy);
    if (to[0].needed) to[0].put(from.gradient());
  });
}

void Pass::backward(const Variable& loss, float seed) {
  tape_.backward(loss, seed);
  if (options_.accumulate) return;
  for (size_t i = 0; i < variables_.size(); ++i) {  // a parameter that this pass never asked for has gradient 0
    if (variables_[i].defined()) continue;
    Tensor window = parameters_->window(gradients_, i);
    std::memset(window.raw(), 0, window.bytes());
  }
}

}  // namespace mlrun
