#include "kernels/vector/gated_norm.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "kernels/profile.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/vector/gated_norm.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
//
#include "kernels/vector/simd.hpp"
#include "kernels/vector/vector_math.hpp"

HWY_BEFORE_NAMESPACE();
namespace mlrun::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
using simd::Floats;
using simd::V;

void gated_norm_row(const float* x, const float* z, const float* gain, int64_t width, float epsilon, float* y,
                    float* scale) {
  const Floats d;
  simd::map(x, z, y, width, [d](V a, V b) HWY_ATTR { return hn::Mul(hn::Mul(a, b), vmath::sigmoid(d, b)); });
  const double mean = simd::dot(y, y, width) / static_cast<double>(width);
  *scale = static_cast<float>(1.0 / std::sqrt(mean + static_cast<double>(epsilon)));
  const V by = hn::Set(d, *scale);
  simd::map(y, gain, y, width, [by](V g, V b) HWY_ATTR { return hn::Mul(hn::Mul(g, by), b); });
}

// With n = g scale and a = dy gain: dg = scale (a - n mean(a n)), d gain = dy n. gated [width] is room for n.
void gated_norm_row_gradient(const float* x, const float* z, const float* gain, float scale, const float* dy,
                             int64_t width, float* gated, float* dx, float* dz, float* d_gain) {
  const Floats d;
  const V by = hn::Set(d, scale), one = hn::Set(d, 1.0f);
  simd::map(x, z, gated, width,
            [d, by](V a, V b) HWY_ATTR { return hn::Mul(hn::Mul(hn::Mul(a, b), vmath::sigmoid(d, b)), by); });
  const double dot = simd::sum_of(width, [=](int64_t k, int64_t n) HWY_ATTR {
    return hn::Mul(hn::Mul(simd::load(dy + k, n), simd::load(gain + k, n)), simd::load(gated + k, n));
  });
  const V mean = hn::Set(d, static_cast<float>(dot / static_cast<double>(width)));
  const int64_t n = simd::lanes();
  for (int64_t k = 0; k < width; k += n) {
    const int64_t valid = std::min(n, width - k);
    const V a = simd::load(x + k, valid), b = simd::load(z + k, valid), normal = simd::load(gated + k, valid),
            in = simd::load(dy + k, valid), g = vmath::sigmoid(d, b);
    const V dg = hn::Mul(by, hn::NegMulAdd(normal, mean, hn::Mul(in, simd::load(gain + k, valid))));
    const V to_x = hn::Mul(dg, hn::Mul(b, g));
    const V to_z = hn::Mul(hn::Mul(dg, a), hn::Mul(g, hn::MulAdd(b, hn::Sub(one, g), one)));
    const V to_gain = hn::MulAdd(in, normal, simd::load(d_gain + k, valid));
    simd::store(to_x, dx + k, valid);
    simd::store(to_z, dz + k, valid);
    simd::store(to_gain, d_gain + k, valid);
  }
}

void gated_norm_rows(const float* x, const float* z, const float* gain, int64_t rows, int64_t width, float epsilon,
                     float* y, float* scale) {
  for (int64_t r = 0, at = 0; r < rows; ++r, at += width)
    gated_norm_row(x + at, z + at, gain, width, epsilon, y + at, scale + r);
}

void gated_norm_rows_gradient(const float* x, const float* z, const float* gain, const float* scale, const float* dy,
                              int64_t rows, int64_t width, const GatedNormGradient& to, float* gated, float* d_gain) {
  constexpr int64_t kRows = 256;  // whose shares of d gain are added up before they join the rest
  for (int64_t first = 0; first < rows; first += kRows) {
    std::fill_n(d_gain, width, 0.0f);
    for (int64_t r = first; r < std::min(rows, first + kRows); ++r) {
      const int64_t at = r * width;
      gated_norm_row_gradient(x + at, z + at, gain, scale[r], dy + at, width, gated, to.x + at, to.z + at, d_gain);
    }
    simd::map(to.gain, d_gain, to.gain, width, [](V a, V b) HWY_ATTR { return hn::Add(a, b); });
  }
}

}  // namespace mlrun::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mlrun::kernels {

HWY_EXPORT(gated_norm_rows);
HWY_EXPORT(gated_norm_rows_gradient);

void gated_norm(const float* x, const float* z, const float* gain, int64_t rows, int64_t width, float epsilon, float* y,
                float* scale) {
  const profile::Scope scope("gated norm", "own", 0, 12.0 * static_cast<double>(rows * width));
  HWY_DYNAMIC_DISPATCH(gated_norm_rows)(x, z, gain, rows, width, epsilon, y, scale);
}

void gated_norm_gradient(const float* x, const float* z, const float* gain, const float* scale, const float* dy,
                         int64_t rows, int64_t width, const GatedNormGradient& to) {
  const profile::Scope scope("gated norm gradient", "own", 0, 20.0 * static_cast<double>(rows * width));
  std::vector<float> gated(static_cast<size_t>(width)), d_gain(gated.size());
  HWY_DYNAMIC_DISPATCH(gated_norm_rows_gradient)
  (x, z, gain, scale, dy, rows, width, to, gated.data(), d_gain.data());
}

}  // namespace mlrun::kernels
#endif
