#include "nn/linear.hpp"

#include "kernels/vector/transpose.hpp"
#include "nn/initialisers.hpp"
#include "ops/linear.hpp"

namespace mlrun {

PackedLinear::PackedLinear(const Tensor& weight, const Tensor& bias) {
  const kernels::ConvShape shape = {1, 1, weight.dim(1), weight.dim(0), {{0, 0, 0}}};
  kernel_ = kernels::PackedKernel(shape, kernels::transpose(weight).data<float>(),
                                  bias.defined() ? bias.data<float>() : nullptr);
}

void PackedLinear::operator()(const float* x, int64_t count, float* y, const float* add) const {
  const kernels::Canvas canvas(kernel_.shape().outline, 1, 1, kernel_.shape().in);
  kernels::PixelConv(kernel_, canvas, count)(x, count, add, y);
}

Linear::Linear(const Scope& scope, int64_t in, int64_t out, LinearBias bias)
    : weight_(scope.parameter("weight", {out, in}, "out,in", ParameterKind::kWeight, initialise::lecun_uniform(in))),
      has_bias_(bias == LinearBias::kYes) {
  if (has_bias_) bias_ = scope.parameter("bias", {out}, "out", ParameterKind::kBias, initialise::zeros());
}

Variable Linear::operator()(Pass& pass, const Variable& x) const {
  return ops::linear(x, pass(weight_), has_bias_ ? pass(bias_) : Variable());
}

Variable Linear::of_rows(Pass& pass, const Variable& x) const {
  return ops::row_linear(x, pass(weight_), has_bias_ ? pass(bias_) : Variable());
}

PackedLinear Linear::packed() const { return {weight_.value(), has_bias_ ? bias_.value() : Tensor()}; }

}  // namespace mlrun
