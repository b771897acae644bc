#include "models/autoregressive/gated_residual.hpp"

#include <fmt/format.h>

#include "kernels/vector/gate.hpp"
#include "ops/dropout.hpp"
#include "ops/elementwise.hpp"
#include "ops/gate.hpp"

namespace mlrun {
namespace {

// Both shifts of the paper at once, down and to the right: the pixel is the last tap of k x k.
kernels::Outline up_and_left(int64_t k) {
  kernels::Outline outline;
  for (int64_t row = 1 - k; row <= 0; ++row) outline.push_back({row, 1 - k, 0});
  return outline;
}

}  // namespace

GatedResidual::GatedResidual(const Scope& scope, const Sizes& sizes)
    : dropout_(sizes.dropout), has_side_(sizes.side > 0) {
  const KernelSize size = {sizes.kernel, sizes.kernel};
  first_ = Conv(scope / "first", size, up_and_left(sizes.kernel), sizes.channels, sizes.channels);
  if (has_side_) side_ = Conv(scope / "side", {1, 1}, pointwise_outline(), sizes.side, sizes.channels);
  second_ = Conv(scope / "second", size, up_and_left(sizes.kernel), sizes.channels, 2 * sizes.channels);
  if (sizes.classes > 0) class_bias_ = ClassBias(scope, sizes.classes, 2 * sizes.channels);
}

Variable GatedResidual::operator()(Pass& pass, const Variable& x, const Tensor& labels, const Variable& a) const {
  ops::ConvOptions options = {.relu = true, .add = {}};
  if (has_side_) options.add = side_(pass, a);
  Variable h = first_(pass, x, options);
  // The relu of what is dropped is what is dropped of the relu.
  if (dropout_ > 0) h = ops::dropout(h, dropout_, pass.next_noise(), pass.training());
  Variable sums = second_(pass, h, {.relu = true, .add = {}});
  if (class_bias_.defined()) sums = class_bias_(pass, sums, labels);
  return ops::add(x, ops::glu(sums));
}

GatedResidual::Packed GatedResidual::packed(int64_t height, int64_t width) const {
  return {first_.packed(height, width), has_side_ ? side_.packed(height, width) : kernels::PackedKernel(),
          second_.packed(height, width), has_side_, class_bias_};
}

Layout GatedResidual::layout(const std::string& path) const {
  Layout layout;
  layout.tensor(path + "/first/weight", "[p, q, in, out] of res").tensor(path + "/first/bias", "of each channel");
  layout.tensor(path + "/second/weight", "[p, q, in, out] of res").tensor(path + "/second/bias", "of each channel");
  if (has_side_)
    layout.tensor(path + "/side/weight", "1 x 1, of a in res").tensor(path + "/side/bias", "of each channel");
  if (class_bias_.defined()) layout.tensor(path + "/class_bias", "a row for each class, added to (s, g)");
  return layout;
}

StepGatedResidual::StepGatedResidual(const GatedResidual::Packed& packed, int64_t images)
    : packed_(packed),
      images_(images),
      channels_(packed.first.shape().out),
      first_(packed.first, images),
      second_(packed.second, images),
      h_({images * channels_}),
      sums_({images * 2 * channels_}),
      side_({images * channels_}) {
  if (packed.has_side) beside_.emplace_back(packed.side, images);
}

void StepGatedResidual::at(int64_t row, int64_t column, const int32_t* labels, const float* a, float* x) {
  float *h = h_.data<float>(), *sums = sums_.data<float>(), *side = nullptr;
  if (packed_.has_side) {
    side = side_.data<float>();
    beside_[0].put(row, column, a, false);
    beside_[0].at(row, column, nullptr, side);
  }
  first_.put(row, column, x, true);
  first_.at(row, column, side, h);
  second_.put(row, column, h, true);
  second_.at(row, column, nullptr, sums);
  if (packed_.class_bias.defined()) packed_.class_bias.add_to(sums, 1, images_, labels);
  kernels::glu(sums, images_, channels_, h);
  for (int64_t k = 0; k < images_ * channels_; ++k) x[k] += h[k];
}

}  // namespace mlrun
