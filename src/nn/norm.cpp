#include "nn/norm.hpp"

#include <fmt/format.h>

#include "kernels/vector/normalize.hpp"
#include "nn/initialisers.hpp"
#include "ops/normalize.hpp"

namespace mlrun {
namespace {

constexpr float kEpsilon = 1e-5f;

}  // namespace

Norm::Norm(const Scope& scope, NormKind kind, int64_t width) : kind_(kind) {
  if (kind == NormKind::kNone) return;
  gain_ = scope.parameter("gain", {width}, "width", ParameterKind::kNorm, initialise::constant(1.0f));
  if (kind == NormKind::kLayer)
    bias_ = scope.parameter("bias", {width}, "width", ParameterKind::kNorm, initialise::zeros());
}

Variable Norm::operator()(Pass& pass, const Variable& x) const {
  if (kind_ == NormKind::kLayer) return ops::layer_norm(x, pass(gain_), pass(bias_), kEpsilon);
  return kind_ == NormKind::kRms ? ops::rms_norm(x, pass(gain_), kEpsilon) : x;
}

Layout Norm::layout(const std::string& name) const {
  Layout layout;
  if (kind_ == NormKind::kNone) return layout.line(fmt::format("{}(x) = x", name));
  layout.tensor("gain", "of each channel");
  if (kind_ == NormKind::kRms)
    return layout.line(fmt::format("{}(x) = x / sqrt(mean(x * x) + {:g}) * gain, over the channels", name, kEpsilon));
  layout.tensor("bias", "of each channel");
  return layout.line(
      fmt::format("{}(x) = (x - mean(x)) / sqrt(variance(x) + {:g}) * gain + bias, over the channels", name, kEpsilon));
}

Tensor Norm::rows(const Tensor& x) const {
  if (kind_ == NormKind::kLayer) return kernels::layer_norm(x, gain_.value(), bias_.value(), kEpsilon).y;
  return kind_ == NormKind::kRms ? kernels::rms_norm(x, gain_.value(), kEpsilon).y : x.clone();
}

}  // namespace mlrun
