#include "kernels/gate.hpp"

#include <algorithm>

#include "kernels/profile.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/gate.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
//
#include "kernels/simd.hpp"
#include "kernels/vector_math.hpp"

HWY_BEFORE_NAMESPACE();
namespace mlrun::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
using simd::Floats;
using simd::V;

HWY_INLINE void put(V v, float* to, int64_t valid) {
  if (valid == simd::lanes()) hn::StoreU(v, Floats(), to);
  else simd::store_some(v, to, valid);
}

void gate(const float* x, int64_t rows, int64_t width, float* y) {
  const Floats d;
  const int64_t n = simd::lanes();
  for (int64_t r = 0; r < rows; ++r, x += 2 * width, y += width) {
    for (int64_t k = 0; k < width; k += n) {
      const int64_t valid = std::min(n, width - k);
      const V t = vmath::tanh(d, simd::load(x + k, valid)), g = vmath::sigmoid(d, simd::load(x + width + k, valid));
      put(hn::Mul(t, g), y + k, valid);
    }
  }
}

void gate_gradient(const float* x, const float* dy, int64_t rows, int64_t width, float* dx) {
  const Floats d;
  const int64_t n = simd::lanes();
  const V one = hn::Set(d, 1.0f);
  for (int64_t r = 0; r < rows; ++r, x += 2 * width, dx += 2 * width, dy += width) {
    for (int64_t k = 0; k < width; k += n) {
      const int64_t valid = std::min(n, width - k);
      const V t = vmath::tanh(d, simd::load(x + k, valid)), g = vmath::sigmoid(d, simd::load(x + width + k, valid));
      const V through = hn::Mul(simd::load(dy + k, valid), g);
      put(hn::Mul(through, hn::NegMulAdd(t, t, one)), dx + k, valid);
      put(hn::Mul(hn::Mul(through, t), hn::Sub(one, g)), dx + width + k, valid);
    }
  }
}

void glu(const float* x, int64_t rows, int64_t width, float* y) {
  const Floats d;
  const int64_t n = simd::lanes();
  for (int64_t r = 0; r < rows; ++r, x += 2 * width, y += width) {
    for (int64_t k = 0; k < width; k += n) {
      const int64_t valid = std::min(n, width - k);
      put(hn::Mul(simd::load(x + k, valid), vmath::sigmoid(d, simd::load(x + width + k, valid))), y + k, valid);
    }
  }
}

void glu_gradient(const float* x, const float* dy, int64_t rows, int64_t width, float* dx) {
  const Floats d;
  const int64_t n = simd::lanes();
  const V one = hn::Set(d, 1.0f);
  for (int64_t r = 0; r < rows; ++r, x += 2 * width, dx += 2 * width, dy += width) {
    for (int64_t k = 0; k < width; k += n) {
      const int64_t valid = std::min(n, width - k);
      const V g = vmath::sigmoid(d, simd::load(x + width + k, valid)), ds = hn::Mul(simd::load(dy + k, valid), g);
      put(ds, dx + k, valid);
      put(hn::Mul(hn::Mul(ds, simd::load(x + k, valid)), hn::Sub(one, g)), dx + width + k, valid);
    }
  }
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
