#include "kernels/ssm/diagonal_scan.hpp"

#include <algorithm>
#include <vector>

#include "kernels/profile.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/ssm/diagonal_scan.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
//
#include "kernels/vector/simd.hpp"

HWY_BEFORE_NAMESPACE();
namespace mlrun::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
using simd::V;

// x = lambda before + v. x may be `before` or v.
HWY_INLINE void next_row(const float* lambda, const float* before, const float* v, int64_t p, float* x) {
  for (int64_t k = 0; k < p; k += simd::lanes()) {
    const int64_t valid = std::min(simd::lanes(), p - k);
    const V a = simd::load(lambda + k, valid), b = simd::load(lambda + p + k, valid);
    const V re = simd::load(before + k, valid), im = simd::load(before + p + k, valid);
    const V real = hn::NegMulAdd(b, im, hn::MulAdd(a, re, simd::load(v + k, valid)));
    const V imaginary = hn::MulAdd(b, re, hn::MulAdd(a, im, simd::load(v + p + k, valid)));
    simd::store(real, x + k, valid);
    simd::store(imaginary, x + p + k, valid);
  }
}

// dv = dx + conj(lambda) after, and sums += dv conj(before). dv may be dx.
HWY_INLINE void row_gradient(const float* lambda, const float* before, const float* dx, const float* after, int64_t p,
                             float* dv, float* sums) {
  for (int64_t k = 0; k < p; k += simd::lanes()) {
    const int64_t valid = std::min(simd::lanes(), p - k);
    V real = simd::load(dx + k, valid), imaginary = simd::load(dx + p + k, valid);
    if (after) {
      const V a = simd::load(lambda + k, valid), b = simd::load(lambda + p + k, valid);
      const V re = simd::load(after + k, valid), im = simd::load(after + p + k, valid);
      real = hn::MulAdd(b, im, hn::MulAdd(a, re, real));
      imaginary = hn::NegMulAdd(b, re, hn::MulAdd(a, im, imaginary));
    }
    simd::store(real, dv + k, valid);
    simd::store(imaginary, dv + p + k, valid);
    if (!before) continue;
    const V re = simd::load(before + k, valid), im = simd::load(before + p + k, valid);
    const V a = simd::load(sums + k, valid), b = simd::load(sums + p + k, valid);
    simd::store(hn::MulAdd(imaginary, im, hn::MulAdd(real, re, a)), sums + k, valid);
    simd::store(hn::NegMulAdd(real, im, hn::MulAdd(imaginary, re, b)), sums + p + k, valid);
  }
}

void diagonal_scan(const float* lambda, const float* v, int64_t n, int64_t length, int64_t p, float* x) {
  for (int64_t i = 0; i < n; ++i) {
    if (x != v && length > 0) std::copy_n(v, 2 * p, x);
    for (int64_t t = 0; t < length; ++t, v += 2 * p, x += 2 * p) {
      if (t > 0) next_row(lambda, x - 2 * p, v, p, x);
    }
  }
}

void diagonal_scan_step(const float* lambda, const float* v, int64_t count, int64_t p, float* x) {
  for (int64_t i = 0; i < count; ++i) next_row(lambda, x + i * 2 * p, v + i * 2 * p, p, x + i * 2 * p);
}

void diagonal_scan_gradient(const float* lambda, const float* x, const float* dx, int64_t n, int64_t length, int64_t p,
                            float* dv, double* dlambda) {
  constexpr int64_t kRun = 64;  // steps that are added up in float before they are added up in double
  const int64_t row = 2 * p;
  std::vector<float> sums(static_cast<size_t>(row), 0.0f);
  for (int64_t i = 0; i < n; ++i, x += length * row, dx += length * row, dv += length * row) {
    for (int64_t t = length - 1; t >= 0; --t) {
      const float *before = t > 0 ? x + (t - 1) * row : nullptr, *after = t + 1 < length ? dv + (t + 1) * row : nullptr;
      row_gradient(lambda, before, dx + t * row, after, p, dv + t * row, sums.data());
      if (t % kRun != 0) continue;
      for (int64_t k = 0; k < row; ++k) dlambda[k] += static_cast<double>(sums[static_cast<size_t>(k)]);
      std::fill(sums.begin(), sums.end(), 0.0f);
    }
  }
}

}  // namespace mlrun::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mlrun::kernels {

HWY_EXPORT(diagonal_scan);
HWY_EXPORT(diagonal_scan_step);
HWY_EXPORT(diagonal_scan_gradient);

void diagonal_scan(const float* lambda, const float* v, int64_t n, int64_t length, int64_t p, float* x) {
  const double count = static_cast<double>(n * length * p);
  const profile::Scope scope("diagonal scan", "own", 8 * count, 16 * count);
  HWY_DYNAMIC_DISPATCH(diagonal_scan)(lambda, v, n, length, p, x);
}

void diagonal_scan_step(const float* lambda, const float* v, int64_t count, int64_t p, float* x) {
  HWY_DYNAMIC_DISPATCH(diagonal_scan_step)(lambda, v, count, p, x);
}

void diagonal_scan_gradient(const float* lambda, const float* x, const float* dx, int64_t n, int64_t length, int64_t p,
                            float* dv, double* dlambda) {
  const double count = static_cast<double>(n * length * p);
  const profile::Scope scope("diagonal scan gradient", "own", 16 * count, 24 * count);
  HWY_DYNAMIC_DISPATCH(diagonal_scan_gradient)(lambda, x, dx, n, length, p, dv, dlambda);
}

}  // namespace mlrun::kernels
#endif
