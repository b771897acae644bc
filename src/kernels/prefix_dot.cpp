#include "kernels/prefix_dot.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/prefix_dot.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace mlrun::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

float dot(const float* HWY_RESTRICT a, const float* HWY_RESTRICT b, size_t n) {
  const hn::ScalableTag<float> d;
  const size_t lanes = hn::Lanes(d);
  auto s0 = hn::Zero(d), s1 = hn::Zero(d), s2 = hn::Zero(d), s3 = hn::Zero(d);
  size_t k = 0;
  for (; k + 4 * lanes <= n; k += 4 * lanes) {
    s0 = hn::MulAdd(hn::LoadU(d, a + k), hn::LoadU(d, b + k), s0);
    s1 = hn::MulAdd(hn::LoadU(d, a + k + lanes), hn::LoadU(d, b + k + lanes), s1);
    s2 = hn::MulAdd(hn::LoadU(d, a + k + 2 * lanes), hn::LoadU(d, b + k + 2 * lanes), s2);
    s3 = hn::MulAdd(hn::LoadU(d, a + k + 3 * lanes), hn::LoadU(d, b + k + 3 * lanes), s3);
  }
  for (; k + lanes <= n; k += lanes) s0 = hn::MulAdd(hn::LoadU(d, a + k), hn::LoadU(d, b + k), s0);
  float sum = hn::GetLane(hn::SumOfLanes(d, hn::Add(hn::Add(s0, s1), hn::Add(s2, s3))));
  for (; k < n; ++k) sum += a[k] * b[k];
  return sum;
}

void prefix_dot(const float* x, int64_t ldx, int64_t count, const float* w, int64_t ldw, const float* bias,
                int64_t rows, int64_t length, float* y, int64_t ldy, bool accumulate) {
  for (int64_t i = 0; i < count; ++i) {
    for (int64_t r = 0; r < rows; ++r) {
      float sum = dot(x + i * ldx, w + r * ldw, static_cast<size_t>(length));
      if (bias) sum += bias[r];
      y[i * ldy + r] = accumulate ? y[i * ldy + r] + sum : sum;
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
