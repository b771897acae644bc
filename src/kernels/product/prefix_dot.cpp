#include "kernels/product/prefix_dot.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/product/prefix_dot.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
//
#include "kernels/vector/simd.hpp"

HWY_BEFORE_NAMESPACE();
namespace mlrun::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

constexpr int64_t kImages = 4;  // that share one pass over a row of w

// sums[i] = x_i . w for `images` images. Each sum is added up in the same order whatever `images` is.
template <int64_t images>
void dots(const float* HWY_RESTRICT x, int64_t ldx, const float* HWY_RESTRICT w, size_t n, float* HWY_RESTRICT sums) {
  const hn::ScalableTag<float> d;
  using V = hn::Vec<decltype(d)>;
  const size_t lanes = hn::Lanes(d);
  V even[images], odd[images];
  for (int64_t i = 0; i < images; ++i) even[i] = odd[i] = hn::Zero(d);
  size_t k = 0;
  for (; k + 2 * lanes <= n; k += 2 * lanes) {
    const V w0 = hn::LoadU(d, w + k), w1 = hn::LoadU(d, w + k + lanes);
    for (int64_t i = 0; i < images; ++i) {
      const float* xi = x + i * ldx + k;
      even[i] = hn::MulAdd(hn::LoadU(d, xi), w0, even[i]);
      odd[i] = hn::MulAdd(hn::LoadU(d, xi + lanes), w1, odd[i]);
    }
  }
  if (k + lanes <= n) {
    const V w0 = hn::LoadU(d, w + k);
    for (int64_t i = 0; i < images; ++i) even[i] = hn::MulAdd(hn::LoadU(d, x + i * ldx + k), w0, even[i]);
    k += lanes;
  }
  if (k < n) {
    const auto rest = static_cast<int64_t>(n - k);
    const V w0 = simd::load_some(w + k, rest);
    for (int64_t i = 0; i < images; ++i) odd[i] = hn::MulAdd(simd::load_some(x + i * ldx + k, rest), w0, odd[i]);
  }
  for (int64_t i = 0; i < images; ++i) sums[i] = hn::GetLane(hn::SumOfLanes(d, hn::Add(even[i], odd[i])));
}

void prefix_dot(const float* x, int64_t ldx, int64_t count, const float* w, int64_t ldw, const float* bias,
                int64_t rows, int64_t length, float* y, int64_t ldy, bool accumulate) {
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t i = 0; i < count;) {
      float sums[kImages];
      const int64_t images = count - i >= kImages ? kImages : 1;
      if (images == kImages) dots<kImages>(x + i * ldx, ldx, w + r * ldw, static_cast<size_t>(length), sums);
      else dots<1>(x + i * ldx, ldx, w + r * ldw, static_cast<size_t>(length), sums);
      for (int64_t k = 0; k < images; ++k, ++i) {
        const float sum = bias ? sums[k] + bias[r] : sums[k];
        y[i * ldy + r] = accumulate ? y[i * ldy + r] + sum : sum;
      }
    }
  }
}

}  // namespace mlrun::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mlrun::kernels {

HWY_EXPORT(prefix_dot);

void prefix_dot(const float* x, int64_t ldx, int64_t count, const float* w, int64_t ldw, const float* bias,
                int64_t rows, int64_t length, float* y, int64_t ldy, bool accumulate) {
  HWY_DYNAMIC_DISPATCH(prefix_dot)(x, ldx, count, w, ldw, bias, rows, length, y, ldy, accumulate);
}

}  // namespace mlrun::kernels
#endif
