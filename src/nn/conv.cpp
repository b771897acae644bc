#include "nn/conv.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "nn/initialisers.hpp"

namespace mlrun {
namespace {

// The first `used` numbers as `inside` draws them, the rest 0.
Initialiser only_first(int64_t used, Initialiser inside) {
  return [used, inside](Tensor& value, const RandomStream& noise) {
    inside(value, noise);
    std::fill(value.data<float>() + used, value.data<float>() + value.count(), 0.0f);
  };
}

kernels::Outline above(int64_t k) {
  kernels::Outline outline;
  for (int64_t r = -(k / 2); r < 0; ++r) outline.push_back({r, -(k / 2), k / 2});
  return outline;
}

kernels::Outline above_and(int64_t k, const kernels::KernelRow& last) {
  kernels::Outline outline = above(k);
  outline.push_back(last);
  return outline;
}

}  // namespace

Conv::Conv(const Scope& scope, KernelSize size, kernels::Outline outline, int64_t in, int64_t out, int64_t stride)
    : outline_(std::move(outline)), stride_(stride) {
  const int64_t taps = kernels::taps_of(outline_);
  require(taps <= size.rows * size.columns, "an outline of {} taps for a kernel of {} x {}", taps, size.rows,
          size.columns);
  weight_ = scope.parameter("weight", {size.rows, size.columns, in, out}, "row,column,in,out", ParameterKind::kWeight,
                            only_first(taps * in * out, initialise::lecun_uniform(taps * in)), {{0, taps * in * out}});
  bias_ = scope.parameter("bias", {out}, "out", ParameterKind::kBias, initialise::zeros());
}

Variable Conv::operator()(Pass& pass, const Variable& x, ops::ConvOptions options) const {
  options.stride = stride_;
  return ops::conv(x, pass(weight_), pass(bias_), outline_, options);
}

Variable Conv::of_symbols(Pass& pass, const Tensor& symbols, const Variable& add) const {
  require(stride_ == 1, "a convolution of symbols with a stride of {}", stride_);
  return ops::conv_symbols(symbols, pass(weight_), pass(bias_), outline_, add);
}

kernels::PackedKernel Conv::packed(int64_t height, int64_t width) const {
  return {{height, width, in(), out(), outline_, stride_}, weight_.value().data<float>(), bias_.value().data<float>()};
}

// An output pixel of the transpose is a sum over about taps / stride^2 pixels.
ConvTransposed::ConvTransposed(const Scope& scope, KernelSize size, kernels::Outline outline, int64_t in, int64_t out,
                               int64_t stride)
    : outline_(std::move(outline)), stride_(stride) {
  const int64_t taps = kernels::taps_of(outline_);
  require(taps <= size.rows * size.columns, "an outline of {} taps for a kernel of {} x {}", taps, size.rows,
          size.columns);
  const int64_t fan_in = std::max<int64_t>(1, taps * in / (stride * stride));
  weight_ = scope.parameter("weight", {size.rows, size.columns, out, in}, "row,column,out,in", ParameterKind::kWeight,
                            only_first(taps * in * out, initialise::lecun_uniform(fan_in)), {{0, taps * in * out}});
  bias_ = scope.parameter("bias", {out}, "out", ParameterKind::kBias, initialise::zeros());
}

Variable ConvTransposed::operator()(Pass& pass, const Variable& x) const {
  return ops::conv_transposed(x, pass(weight_), pass(bias_), outline_, stride_);
}

kernels::Outline pointwise_outline() { return {{0, 0, 0}}; }
kernels::Outline mask_a(int64_t k) { return above_and(k, {0, -(k / 2), -1}); }
kernels::Outline mask_b(int64_t k) { return above_and(k, {0, -(k / 2), 0}); }
kernels::Outline rows_above(int64_t k) { return above_and(k, {0, -(k / 2), k / 2}); }
kernels::Outline left_of(int64_t k) { return {{0, -(k / 2), -1}}; }
kernels::Outline left_and_at(int64_t k) { return {{0, -(k / 2), 0}}; }

kernels::Outline whole_outline(int64_t k, int64_t stride) {
  const int64_t before = (k - stride) / 2;
  kernels::Outline outline;
  for (int64_t r = 0; r < k; ++r) outline.push_back({r - before, -before, k - 1 - before});
  return outline;
}

}  // namespace mlrun
