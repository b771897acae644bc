#include "kernels/vector/normalize.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/vector/normalize.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
//
#include <algorithm>
#include <cmath>
#include <vector>

#include "kernels/vector/simd.hpp"

HWY_BEFORE_NAMESPACE();
namespace mlrun::kernels::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
using simd::V;
constexpr simd::Floats d;

// bias is null for rms_norm, and then nothing is subtracted.
void normalize_kernel(const float* x, const float* gain, const float* bias, float epsilon, float* y, float* means,
                      float* scales, int64_t rows, int64_t n) {
  for (int64_t r = 0; r < rows; ++r, x += n, y += n) {
    const double mean = means ? simd::sum(x, n) / static_cast<double>(n) : 0.0;
    const V m = hn::Set(d, static_cast<float>(mean));
    const int64_t whole = n - n % simd::lanes();
    double squares = simd::sum_of(whole, [&](int64_t i, int64_t) HWY_ATTR {
      const V c = hn::Sub(hn::LoadU(d, x + i), m);
      return hn::Mul(c, c);
    });
    for (int64_t i = whole; i < n; ++i) {
      const double c = static_cast<double>(x[i]) - mean;
      squares += c * c;
    }
    const float scale =
        static_cast<float>(1.0 / std::sqrt(squares / static_cast<double>(n) + static_cast<double>(epsilon)));
    const V s = hn::Set(d, scale);
    if (bias) {
      simd::map(x, gain, bias, y, n,
                [m, s](V v, V g, V b) HWY_ATTR { return hn::MulAdd(hn::Mul(hn::Sub(v, m), s), g, b); });
    } else {
      simd::map(x, gain, y, n, [s](V v, V g) HWY_ATTR { return hn::Mul(hn::Mul(v, s), g); });
    }
    if (means) means[r] = static_cast<float>(mean);
    scales[r] = scale;
  }
}

// One row of dx. means is null for rms_norm.
HWY_INLINE void row_gradient(const float* x, const float* dy, const float* gain, bool centred, float mean, float scale,
                             float* dx, bool accumulate, int64_t n) {
  const V m = hn::Set(d, mean), s = hn::Set(d, scale);
  const double count = static_cast<double>(n);
  // load() puts zeros behind the row, and a zero dy adds nothing.
  const double g_mean =
      centred ? simd::sum_of(n, [&](int64_t i, int64_t k)
                                    HWY_ATTR { return hn::Mul(simd::load(dy + i, k), simd::load(gain + i, k)); }) /
                    count
              : 0.0;
  const double gz_mean = simd::sum_of(n,
                                      [&](int64_t i, int64_t k) HWY_ATTR {
                                        const V g = hn::Mul(simd::load(dy + i, k), simd::load(gain + i, k));
                                        return hn::Mul(g, hn::Mul(hn::Sub(simd::load(x + i, k), m), s));
                                      }) /
                         count;
  const V a = hn::Set(d, static_cast<float>(g_mean)), b = hn::Set(d, static_cast<float>(gz_mean));
  const auto f = [=](V v, V g_out, V g_gain) HWY_ATTR {
    const V z = hn::Mul(hn::Sub(v, m), s);
    return hn::Mul(s, hn::NegMulAdd(z, b, hn::Sub(hn::Mul(g_out, g_gain), a)));
  };
  if (!accumulate) return simd::map(x, dy, gain, dx, n, f);
  const int64_t step = simd::lanes();
  for (int64_t i = 0; i < n; i += step) {
    const int64_t k = std::min(step, n - i);
    const V r = f(simd::load(x + i, k), simd::load(dy + i, k), simd::load(gain + i, k));
    simd::store_some(hn::Add(simd::load(dx + i, k), r), dx + i, k);
  }
}

void gradient_kernel(const float* x, const float* dy, const float* gain, const float* means, const float* scales,
                     float* dx, bool accumulate, int64_t rows, int64_t n) {
  for (int64_t r = 0; r < rows; ++r, x += n, dy += n, dx += n) {
    row_gradient(x, dy, gain, means != nullptr, means ? means[r] : 0.0f, scales[r], dx, accumulate, n);
  }
}

// dgain[j] = sum over rows of dy z: groups of rows in float, groups in double.
void gain_gradient_kernel(const float* x, const float* dy, const float* means, const float* scales, float* dgain,
                          bool accumulate, int64_t rows, int64_t n) {
  constexpr int64_t kGroup = 8;
  std::vector<double> total(static_cast<size_t>(n), 0.0);
  std::vector<float> part(static_cast<size_t>(n));
  for (int64_t begin = 0; begin < rows; begin += kGroup) {
    std::fill(part.begin(), part.end(), 0.0f);
    for (int64_t r = begin; r < std::min(rows, begin + kGroup); ++r) {
      const V m = hn::Set(d, means ? means[r] : 0.0f), s = hn::Set(d, scales[r]);
      simd::map(x + r * n, dy + r * n, part.data(), part.data(), n,
                [m, s](V v, V g, V p) HWY_ATTR { return hn::MulAdd(hn::Mul(hn::Sub(v, m), s), g, p); });
    }
    for (size_t j = 0; j < total.size(); ++j) total[j] += static_cast<double>(part[j]);
  }
  for (size_t j = 0; j < total.size(); ++j) {
    const float g = static_cast<float>(total[j]);
    dgain[j] = accumulate ? dgain[j] + g : g;
  }
}

}  // namespace
}  // namespace mlrun::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include "base/error.hpp"
#include "kernels/profile.hpp"
#include "kernels/vector/reduce.hpp"

namespace mlrun::kernels {

HWY_EXPORT(normalize_kernel);
HWY_EXPORT(gradient_kernel);
HWY_EXPORT(gain_gradient_kernel);

namespace {

int64_t rows_of(const Tensor& x, const Tensor& gain) {
  const int64_t n = x.dim(-1);
  // Words for shapes are made only when they are needed: a step of a small model is made of calls like this one.
  if (n <= 0 || gain.count() != n) {
    fail(ExitCode::kInternal, "normalization of {} with a gain {}", to_string(x.shape()), to_string(gain.shape()));
  }
  return x.count() / n;
}

}  // namespace

Normalized layer_norm(const Tensor& x, const Tensor& gain, const Tensor& bias, float epsilon) {
  const profile::Scope scope("normalize", "own", 0, 8.0 * static_cast<double>(x.count()));
  const int64_t rows = rows_of(x, gain);
  if (bias.count() != gain.count()) {
    fail(ExitCode::kInternal, "normalization of {} with a bias {}", to_string(x.shape()), to_string(bias.shape()));
  }
  Normalized result{Tensor(x.shape()), Tensor({rows}), Tensor({rows})};
  HWY_DYNAMIC_DISPATCH(normalize_kernel)
  (x.data<float>(), gain.data<float>(), bias.data<float>(), epsilon, result.y.data<float>(), result.mean.data<float>(),
   result.scale.data<float>(), rows, x.dim(-1));
  return result;
}

Normalized rms_norm(const Tensor& x, const Tensor& gain, float epsilon) {
  const profile::Scope scope("normalize", "own", 0, 8.0 * static_cast<double>(x.count()));
  const int64_t rows = rows_of(x, gain);
  Normalized result{Tensor(x.shape()), Tensor(), Tensor({rows})};
  HWY_DYNAMIC_DISPATCH(normalize_kernel)
  (x.data<float>(), gain.data<float>(), nullptr, epsilon, result.y.data<float>(), nullptr, result.scale.data<float>(),
   rows, x.dim(-1));
  return result;
}

void normalize_gradient(const NormalizeGradient& to, const Tensor& dy, const Tensor& x, const Tensor& gain,
                        const Normalized& forward) {
  const profile::Scope scope("normalize gradient", "own", 0, 16.0 * static_cast<double>(x.count()));
  const int64_t rows = rows_of(x, gain), n = x.dim(-1);
  const float* means = forward.mean.defined() ? forward.mean.data<float>() : nullptr;
  const float* scales = forward.scale.data<float>();
  if (to.dx) {
    HWY_DYNAMIC_DISPATCH(gradient_kernel)
    (x.data<float>(), dy.data<float>(), gain.data<float>(), means, scales, to.dx->data<float>(), to.dx_accumulate, rows,
     n);
  }
  if (to.gain) {
    HWY_DYNAMIC_DISPATCH(gain_gradient_kernel)
    (x.data<float>(), dy.data<float>(), means, scales, to.gain->data<float>(), to.gain_accumulate, rows, n);
  }
  if (to.bias) sum_rows(*to.bias, dy, to.bias_accumulate);
}

}  // namespace mlrun::kernels
#endif  // HWY_ONCE
