#include "nn/pass.hpp"

#include <cstring>

#include "ops/elementwise.hpp"
#include "ops/shape.hpp"

namespace mlrun {
namespace {

// What a block gives and the losses that it adds, as one result.
Variable joined(const Variable& y, const std::vector<Variable>& losses) {
  if (losses.empty()) return y;
  Variable sum = losses.front();
  for (size_t i = 1; i < losses.size(); ++i) sum = ops::add(sum, losses[i]);
  return ops::concat({ops::reshape(y, {-1}), ops::reshape(sum, {1})}, 0);
}

}  // namespace

Pass::Pass(const ParameterArena& parameters, Statistics* statistics)
    : parameters_(&parameters), noise_(0, "no noise in evaluation"), variables_(parameters.parameters().size()) {
  options_.statistics = statistics;
}

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
  const Tensor y = block(first, x.value()).value(), both = joined(y, first.added_).value();
  noise_uses_ = first.noise_uses_;
  std::vector<Variable> inputs = {x};
  std::vector<size_t> used;
  for (size_t i = 0; i < variables_.size(); ++i) {
    if (!first.variables_[i].defined()) continue;
    used.push_back(i);
    inputs.push_back(parameter(i));
  }
  const Variable result =
      record_joint(both, inputs, [this, noise_uses, block, used, x = x.value()](const Tensor& dy, auto& to) {
        Pass again(*this, noise_uses, /*records=*/true);
        for (size_t i = 0; i < used.size(); ++i) again.destinations_[used[i]] = to[i + 1];
        const Variable from = to[0].needed ? again.tape_.leaf(x) : Variable(x), z = block(again, from);
        again.tape_.backward(joined(z, again.added_), dy);
        if (to[0].needed) to[0].put(from.gradient());
      });
  if (first.added_.empty()) return result;
  add_loss(ops::reshape(ops::slice(result, 0, y.count(), y.count() + 1), {}));
  return ops::reshape(ops::slice(result, 0, 0, y.count()), y.shape());
}

Variable Pass::with_added(const Variable& loss) const {
  Variable all = loss;
  for (const Variable& added : added_) all = ops::add(all, ops::reshape(added, loss.shape()));
  return all;
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
