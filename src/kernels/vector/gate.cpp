#include "kernels/vector/gate.hpp"

#include "kernels/profile.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/vector/gate.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
//
#include "kernels/vector/simd.hpp"
#include "kernels/vector/vector_math.hpp"

HWY_BEFORE_NAMESPACE();
namespace mlrun::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
using simd::Floats;
using simd::V;

// y = f(s) sigmoid(g), f being tanh (squashed) or nothing.
template <bool squashed>
HWY_INLINE void gated(const float* x, int64_t rows, int64_t width, float* y) {
  const Floats d;
  for (int64_t r = 0; r < rows; ++r, x += 2 * width, y += width) {
    simd::each_vector(width, [&](int64_t k, int64_t valid) HWY_ATTR {
      const V s = simd::load(x + k, valid), g = vmath::sigmoid(d, simd::load(x + width + k, valid));
      simd::store(hn::Mul(squashed ? vmath::tanh(d, s) : s, g), y + k, valid);
    });
  }
}

template <bool squashed>
HWY_INLINE void gated_gradient(const float* x, const float* dy, int64_t rows, int64_t width, float* dx) {
  const Floats d;
  const V one = hn::Set(d, 1.0f);
  for (int64_t r = 0; r < rows; ++r, x += 2 * width, dx += 2 * width, dy += width) {
    simd::each_vector(width, [&](int64_t k, int64_t valid) HWY_ATTR {
      const V s = simd::load(x + k, valid), g = vmath::sigmoid(d, simd::load(x + width + k, valid));
      const V t = squashed ? vmath::tanh(d, s) : s, through = hn::Mul(simd::load(dy + k, valid), g);
      simd::store(squashed ? hn::Mul(through, hn::NegMulAdd(t, t, one)) : through, dx + k, valid);
      simd::store(hn::Mul(hn::Mul(through, t), hn::Sub(one, g)), dx + width + k, valid);
    });
  }
}

void gate(const float* x, int64_t rows, int64_t width, float* y) { gated<true>(x, rows, width, y); }
void gate_gradient(const float* x, const float* dy, int64_t rows, int64_t width, float* dx) {
  gated_gradient<true>(x, dy, rows, width, dx);
}
void glu(const float* x, int64_t rows, int64_t width, float* y) { gated<false>(x, rows, width, y); }
void glu_gradient(const float* x, const float* dy, int64_t rows, int64_t width, float* dx) {
  gated_gradient<false>(x, dy, rows, width, dx);
}

}  // namespace mlrun::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mlrun::kernels {

HWY_EXPORT(gate);
HWY_EXPORT(gate_gradient);
HWY_EXPORT(glu);
HWY_EXPORT(glu_gradient);

void gate(const float* x, int64_t rows, int64_t width, float* y) {
  const profile::Scope scope("gate", "own", 0, 12.0 * static_cast<double>(rows * width));
  HWY_DYNAMIC_DISPATCH(gate)(x, rows, width, y);
}

void gate_gradient(const float* x, const float* dy, int64_t rows, int64_t width, float* dx) {
  const profile::Scope scope("gate gradient", "own", 0, 20.0 * static_cast<double>(rows * width));
  HWY_DYNAMIC_DISPATCH(gate_gradient)(x, dy, rows, width, dx);
}

void glu(const float* x, int64_t rows, int64_t width, float* y) {
  const profile::Scope scope("glu", "own", 0, 12.0 * static_cast<double>(rows * width));
  HWY_DYNAMIC_DISPATCH(glu)(x, rows, width, y);
}

void glu_gradient(const float* x, const float* dy, int64_t rows, int64_t width, float* dx) {
  const profile::Scope scope("glu gradient", "own", 0, 20.0 * static_cast<double>(rows * width));
  HWY_DYNAMIC_DISPATCH(glu_gradient)(x, dy, rows, width, dx);
}

}  // namespace mlrun::kernels
#endif
