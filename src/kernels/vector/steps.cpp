#include "kernels/vector/steps.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "kernels/profile.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/vector/steps.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
//
#include "kernels/vector/simd.hpp"

HWY_BEFORE_NAMESPACE();
namespace mlrun::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
using simd::Floats;
using simd::V;

// A tile of rows x vectors: 8 x 3 accumulators of 32 registers, or 4 x 3 of 16.
constexpr int kVectors = 3;
constexpr int kRows = HWY_TARGET <= HWY_AVX3 ? 8 : 4;

// `rows` rows from `row` on, columns from `column` on, whose weights are at w.
template <int rows>
HWY_INLINE void tile(const StepProductRows& p, int64_t row, int64_t column, int64_t in, int64_t out,
                     const float* HWY_RESTRICT w) {
  const Floats d;
  const int64_t n = simd::lanes(), stride = p.x_stride;
  const float* HWY_RESTRICT x = p.x + row * stride;
  V sums[rows][kVectors];
#pragma GCC unroll 8
  for (int r = 0; r < rows; ++r) {
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) sums[r][v] = hn::Zero(d);
  }
  for (int64_t j = 0; j < in; ++j, w += kStepPanel) {
    V weights[kVectors];
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) weights[v] = hn::LoadU(d, w + v * n);
#pragma GCC unroll 8
    for (int r = 0; r < rows; ++r) {
      const V value = hn::Set(d, x[r * stride + j]);
#pragma GCC unroll 8
      for (int v = 0; v < kVectors; ++v) sums[r][v] = hn::MulAdd(value, weights[v], sums[r][v]);
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < rows; ++r) {
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) {
      const int64_t at = column + v * n, valid = std::min(n, out - at);
      if (valid <= 0) continue;
      V sum = sums[r][v];
      if (p.add) sum = hn::Add(sum, simd::load(p.add + (row + r) * p.add_stride + at, valid));
      simd::store(sum, p.y + (row + r) * p.y_stride + at, valid);
    }
  }
}

void step_product(const StepWeights& weights, const StepProductRows& p) {
  const int64_t in = weights.in(), out = weights.out(), vectors = kVectors * simd::lanes();
  for (int64_t column = 0; column < out; column += vectors) {
    const float* w = weights.panels() + column / kStepPanel * kStepPanel * in + column % kStepPanel;
    int64_t r = 0;
    for (; r + kRows <= p.rows; r += kRows) tile<kRows>(p, r, column, in, out, w);
    if constexpr (kRows > 4) {
      if (r + 4 <= p.rows) {
        tile<4>(p, r, column, in, out, w);
        r += 4;
      }
    }
    if (r + 2 <= p.rows) {
      tile<2>(p, r, column, in, out, w);
      r += 2;
    }
    if (r < p.rows) tile<1>(p, r, column, in, out, w);
  }
}

}  // namespace mlrun::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mlrun::kernels {

HWY_EXPORT(step_product);

StepWeights::StepWeights(const Tensor& b) : in_(b.dim(0)), out_(b.dim(1)) {
  const int64_t panels = (out_ + kStepPanel - 1) / kStepPanel;
  panels_ = Tensor({panels, in_, kStepPanel});
  const float* from = b.data<float>();
  float* to = panels_.data<float>();
  for (int64_t p = 0; p < panels; ++p) {
    const int64_t first = p * kStepPanel, valid = std::min(kStepPanel, out_ - first);
    for (int64_t j = 0; j < in_; ++j, to += kStepPanel) {
      std::copy_n(from + j * out_ + first, valid, to);
      std::fill(to + valid, to + kStepPanel, 0.0f);
    }
  }
}

void StepWeights::operator()(const StepProductRows& rows) const { HWY_DYNAMIC_DISPATCH(step_product)(*this, rows); }

}  // namespace mlrun::kernels
#endif
