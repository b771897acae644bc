#include "kernels/attention/rotary.hpp"

#include "base/error.hpp"
#include "kernels/profile.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/attention/rotary.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
//
#include "kernels/vector/simd.hpp"

HWY_BEFORE_NAMESPACE();
namespace mlrun::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
using simd::V;

// (a, b) -> (a cos - b sin, b cos + a sin), `sign` times the sine.
void rotate_row(const RotaryShape& shape, const float* cosines, const float* sines, float sign, const float* x,
                float* y) {
  const V by = hn::Set(simd::Floats(), sign);
  for (int64_t h = 0; h < shape.heads; ++h, x += shape.size, y += shape.size) {
    simd::each_vector(shape.pairs, [&](int64_t i, int64_t valid) HWY_ATTR {
      const V cosine = simd::load(cosines + i, valid), sine = hn::Mul(by, simd::load(sines + i, valid));
      const V a = simd::load(x + i, valid), b = simd::load(x + shape.pairs + i, valid);
      simd::store(hn::NegMulAdd(b, sine, hn::Mul(a, cosine)), y + i, valid);
      simd::store(hn::MulAdd(a, sine, hn::Mul(b, cosine)), y + shape.pairs + i, valid);
    });
    for (int64_t i = 2 * shape.pairs; i < shape.size; ++i) y[i] = x[i];
  }
}

void rotate(const RotaryShape& shape, const float* cosines, const float* sines, bool back, SequenceRows<const float> x,
            SequenceRows<float> y) {
  for (int64_t i = 0; i < shape.sequences; ++i) {
    for (int64_t t = 0; t < shape.length; ++t) {
      rotate_row(shape, cosines + t * shape.pairs, sines + t * shape.pairs, back ? -1.0f : 1.0f, x.at(i, t),
                 y.at(i, t));
    }
  }
}

}  // namespace mlrun::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mlrun::kernels {

HWY_EXPORT(rotate);

void rotate(const RotaryShape& shape, const float* cosines, const float* sines, bool back, SequenceRows<const float> x,
            SequenceRows<float> y) {
  require(shape.pairs > 0 && 2 * shape.pairs <= shape.size, "{} pairs of {} numbers are turned", shape.pairs,
          shape.size);
  const double numbers = static_cast<double>(shape.sequences * shape.length * shape.heads * shape.size);
  const profile::Scope scope("rotary positions", "own", 4 * numbers, 8 * numbers);
  HWY_DYNAMIC_DISPATCH(rotate)(shape, cosines, sines, back, x, y);
}

}  // namespace mlrun::kernels
#endif
