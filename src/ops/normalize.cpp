#include "ops/normalize.hpp"

#include "kernels/vector/normalize.hpp"

namespace mlrun::ops {
namespace {

kernels::NormalizeGradient destinations(std::vector<Destination>& to) {
  kernels::NormalizeGradient g;
  if (to[0].needed) g.dx = &to[0].tensor, g.dx_accumulate = to[0].accumulate;
  if (to[1].needed) g.gain = &to[1].tensor, g.gain_accumulate = to[1].accumulate;
  if (to.size() > 2 && to[2].needed) g.bias = &to[2].tensor, g.bias_accumulate = to[2].accumulate;
  return g;
}

Variable record_normalized(const Variable& x, const Variable& gain, const Variable* bias, kernels::Normalized forward) {
  const Tensor X = x.value(), G = gain.value(), y = forward.y;
  forward.y = Tensor();  // the gradient does not need it
  std::vector<Variable> inputs = {x, gain};
  if (bias) inputs.push_back(*bias);
  return record_joint(y, std::move(inputs), [X, G, forward](const Tensor& dy, std::vector<Destination>& to) {
    kernels::normalize_gradient(destinations(to), dy, X, G, forward);
  });
}

}  // namespace

// With z = (x - mean) s, s = 1 / sqrt(variance + epsilon) and g = dy gain:
// dx = s (g - mean(g) - z mean(g z)), dgain = sum dy z, dbias = sum dy
Variable layer_norm(const Variable& x, const Variable& gain, const Variable& bias, float epsilon) {
  return record_normalized(x, gain, &bias, kernels::layer_norm(x.value(), gain.value(), bias.value(), epsilon));
}

// With z = x s, s = 1 / sqrt(mean(x^2) + epsilon): dx = s (g - z mean(g z)), dgain = sum dy z
Variable rms_norm(const Variable& x, const Variable& gain, float epsilon) {
  return record_normalized(x, gain, nullptr, kernels::rms_norm(x.value(), gain.value(), epsilon));
}

}  // namespace mlrun::ops
