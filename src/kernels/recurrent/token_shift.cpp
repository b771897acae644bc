#include "kernels/recurrent/token_shift.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/recurrent/token_shift.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
//
#include "kernels/vector/simd.hpp"

HWY_BEFORE_NAMESPACE();
namespace mlrun::kernels::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
using simd::Floats;
using simd::V;

void shift_step(int64_t channels, const float* x, const float* before, const float* mix, float* y) {
  simd::map(x, before, mix, y, channels,
            [](V here, V past, V m) HWY_ATTR { return hn::MulAdd(m, hn::Sub(here, past), past); });
}

void shift_first(int64_t channels, const float* x, const float* mix, float* y) {
  simd::map(x, mix, y, channels, [](V here, V m) HWY_ATTR { return hn::Mul(m, here); });
}

// dx_t = mix dy_t + (1 - mix) dy_{t+1} and d_mix = sum over t of dy_t (x_t - x_{t-1}), of one sequence.
void shift_gradient(int64_t length, int64_t channels, const float* x, const float* mix, const float* dy, float* dx,
                    float* d_mix) {
  const Floats d;
  simd::each_vector(channels, [&](int64_t c, int64_t valid) HWY_ATTR {
    const V m = simd::load(mix + c, valid);
    V next = hn::Zero(d), sum = hn::Zero(d);
    for (int64_t t = length - 1; t >= 0; --t) {
      const int64_t at = t * channels + c;
      const V here = simd::load(dy + at, valid);
      const V before = t > 0 ? simd::load(x + at - channels, valid) : hn::Zero(d);
      simd::store(hn::MulAdd(m, hn::Sub(here, next), next), dx + at, valid);
      sum = hn::MulAdd(here, hn::Sub(simd::load(x + at, valid), before), sum);
      next = here;
    }
    simd::store(hn::Add(simd::load(d_mix + c, valid), sum), d_mix + c, valid);
  });
}

}  // namespace
}  // namespace mlrun::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include "kernels/profile.hpp"

namespace mlrun::kernels {

HWY_EXPORT(shift_step);
HWY_EXPORT(shift_first);
HWY_EXPORT(shift_gradient);

void token_shift(int64_t sequences, int64_t length, int64_t channels, const float* x, const float* mix, float* y) {
  const profile::Scope scope("token shift", "own", 0, static_cast<double>(8 * sequences * length * channels));
  for (int64_t i = 0; i < sequences; ++i) {
    for (int64_t t = 0; t < length; ++t, x += channels, y += channels) {
      if (t == 0) HWY_DYNAMIC_DISPATCH(shift_first)(channels, x, mix, y);
      else HWY_DYNAMIC_DISPATCH(shift_step)(channels, x, x - channels, mix, y);
    }
  }
}

void token_shift_gradient(int64_t sequences, int64_t length, int64_t channels, const float* x, const float* mix,
                          const float* dy, float* dx, float* d_mix) {
  const profile::Scope scope("token shift gradient", "own", 0, static_cast<double>(16 * sequences * length * channels));
  for (int64_t i = 0; i < sequences; ++i) {
    const int64_t at = i * length * channels;
    HWY_DYNAMIC_DISPATCH(shift_gradient)(length, channels, x + at, mix, dy + at, dx + at, d_mix);
  }
}

void token_shift_step(int64_t channels, const float* x, const float* before, const float* mix, float* y) {
  HWY_DYNAMIC_DISPATCH(shift_step)(channels, x, before, mix, y);
}

}  // namespace mlrun::kernels
#endif
