#include "kernels/vector/logistic_mixture.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "kernels/profile.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/vector/logistic_mixture.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
//
#include "kernels/vector/simd.hpp"
#include "kernels/vector/vector_math.hpp"

HWY_BEFORE_NAMESPACE();
namespace mlrun::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
using simd::Floats;
using simd::V;

// Numbers of one component at the K + 1 borders of the symbols (the outermost at infinity), and room to read past them.
struct Borders {
  explicit Borders(int64_t symbols) : count(symbols + 1), size(count + HWY_MAX_BYTES / sizeof(float)) {
    for (auto* v : {&place, &z, &below, &above}) v->resize(static_cast<size_t>(size));
    for (int64_t j = 0; j < count; ++j) {
      place[static_cast<size_t>(j)] = (2.0f * static_cast<float>(j) - 1.0f) / static_cast<float>(symbols - 1) - 1.0f;
    }
  }
  int64_t count, size;
  std::vector<float> place, z, below, above;  // where, standardised, mass below, mass above
};

void stand(Borders& b, float mean, float log_scale) {
  const Floats d;
  const V inverse = hn::Set(d, std::exp(-std::max(log_scale, kLeastLogScale))), m = hn::Set(d, mean);
  for (int64_t j = 0; j < b.count; j += simd::lanes()) {
    const V z = hn::Mul(hn::Sub(hn::LoadU(d, b.place.data() + j), m), inverse);
    hn::StoreU(z, d, b.z.data() + j);
    hn::StoreU(vmath::sigmoid(d, z), d, b.below.data() + j);
    hn::StoreU(vmath::sigmoid(d, hn::Neg(z)), d, b.above.data() + j);
  }
  const auto last = static_cast<size_t>(b.count - 1);
  b.below[0] = b.above[last] = 0;
  b.above[0] = b.below[last] = 1;
  b.z[0] = -1e30f, b.z[last] = 1e30f;
}

// The mass between borders k and k + 1, from the side where the numbers are small.
HWY_INLINE V mass(const Borders& b, int64_t k) {
  const Floats d;
  const V lower = hn::Sub(hn::LoadU(d, b.below.data() + k + 1), hn::LoadU(d, b.below.data() + k));
  const V upper = hn::Sub(hn::LoadU(d, b.above.data() + k), hn::LoadU(d, b.above.data() + k + 1));
  const V middle = hn::Add(hn::LoadU(d, b.z.data() + k), hn::LoadU(d, b.z.data() + k + 1));
  return hn::IfThenElse(hn::Gt(middle, hn::Zero(d)), upper, lower);
}

// softmax of the log-weights, times what is not spread evenly
void weights_of(const float* x, int64_t components, std::vector<float>& weights) {
  const float most = *std::max_element(x, x + components);
  double total = 0;
  for (int64_t m = 0; m < components; ++m) total += std::exp(static_cast<double>(x[m] - most));
  for (int64_t m = 0; m < components; ++m) {
    weights[static_cast<size_t>(m)] = static_cast<float>(std::exp(static_cast<double>(x[m] - most)) / total);
  }
}

void logistic_mixture(const float* x, int64_t rows, int64_t components, int64_t symbols, float* y) {
  const Floats d;
  const int64_t n = simd::lanes();
  Borders b(symbols);
  std::vector<float> p(static_cast<size_t>(b.size)), weights(static_cast<size_t>(components));
  for (int64_t r = 0; r < rows; ++r, x += 3 * components, y += symbols) {
    weights_of(x, components, weights);
    std::fill(p.begin(), p.end(), kSpreadMass / static_cast<float>(symbols));
    for (int64_t m = 0; m < components; ++m) {
      stand(b, x[components + m], x[2 * components + m]);
      const V w = hn::Set(d, weights[static_cast<size_t>(m)] * (1 - kSpreadMass));
      for (int64_t k = 0; k < symbols; k += n) {
        hn::StoreU(hn::MulAdd(w, mass(b, k), hn::LoadU(d, p.data() + k)), d, p.data() + k);
      }
    }
    for (int64_t k = 0; k < symbols; k += n) {
      const V log_p = vmath::log(d, hn::LoadU(d, p.data() + k));
      if (k + n <= symbols) hn::StoreU(log_p, d, y + k);
      else simd::store_some(log_p, y + k, symbols - k);
    }
  }
}

void logistic_mixture_gradient(const float* x, const float* y, const float* dy, int64_t rows, int64_t components,
                               int64_t symbols, float* dx) {
  const Floats d;
  const int64_t n = simd::lanes();
  Borders b(symbols);
  // dp, with a 0 on either side: border j gains what symbol j - 1 gains, and symbol j loses.
  std::vector<float> dp(static_cast<size_t>(b.size + n)), weights(static_cast<size_t>(components)),
      by_weight(static_cast<size_t>(components));
  for (int64_t r = 0; r < rows; ++r, x += 3 * components, dx += 3 * components, y += symbols, dy += symbols) {
    weights_of(x, components, weights);
    for (int64_t k = 0; k < symbols; k += n) {
      const int64_t valid = std::min(n, symbols - k);
      const V v = hn::Mul(simd::load(dy + k, valid), vmath::exp(d, hn::Neg(simd::load(y + k, valid))));
      simd::store_some(v, dp.data() + 1 + k, valid);
    }
    std::fill(dp.begin() + 1 + symbols, dp.end(), 0.0f);
    double mean_by_weight = 0;
    for (int64_t m = 0; m < components; ++m) {
      stand(b, x[components + m], x[2 * components + m]);
      V total = hn::Zero(d), by_mean = hn::Zero(d), by_scale = hn::Zero(d);
      for (int64_t k = 0; k < symbols; k += n) {
        const V g = hn::LoadU(d, dp.data() + 1 + k);  // 0 from `symbols` on
        total = hn::Add(total, hn::IfThenZeroElse(hn::Eq(g, hn::Zero(d)), hn::Mul(g, mass(b, k))));
      }
      for (int64_t j = 1; j < symbols; j += n) {  // the inner borders
        const V slope = hn::Mul(hn::LoadU(d, b.below.data() + j), hn::LoadU(d, b.above.data() + j));
        const V into_z = hn::Mul(hn::Sub(hn::LoadU(d, dp.data() + j), hn::LoadU(d, dp.data() + j + 1)), slope);
        const auto inside = hn::FirstN(d, static_cast<size_t>(std::min(n, symbols - j)));
        by_mean = hn::Add(by_mean, hn::IfThenElseZero(inside, into_z));
        by_scale = hn::Add(by_scale, hn::IfThenElseZero(inside, hn::Mul(into_z, hn::LoadU(d, b.z.data() + j))));
      }
      const float w = weights[static_cast<size_t>(m)] * (1 - kSpreadMass), log_scale = x[2 * components + m];
      const float inverse = std::exp(-std::max(log_scale, kLeastLogScale));
      by_weight[static_cast<size_t>(m)] = (1 - kSpreadMass) * hn::GetLane(hn::SumOfLanes(d, total));
      mean_by_weight += static_cast<double>(weights[static_cast<size_t>(m)] * by_weight[static_cast<size_t>(m)]);
      dx[components + m] = -w * inverse * hn::GetLane(hn::SumOfLanes(d, by_mean));
      dx[2 * components + m] = log_scale > kLeastLogScale ? -w * hn::GetLane(hn::SumOfLanes(d, by_scale)) : 0.0f;
    }
    for (int64_t m = 0; m < components; ++m) {
      dx[m] =
          weights[static_cast<size_t>(m)] * (by_weight[static_cast<size_t>(m)] - static_cast<float>(mean_by_weight));
    }
  }
}

}  // namespace mlrun::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mlrun::kernels {

HWY_EXPORT(logistic_mixture);
HWY_EXPORT(logistic_mixture_gradient);

void logistic_mixture(const float* x, int64_t rows, int64_t components, int64_t symbols, float* y) {
  const profile::Scope scope("logistic mixture", "own", 0, 4.0 * static_cast<double>(rows * symbols));
  HWY_DYNAMIC_DISPATCH(logistic_mixture)(x, rows, components, symbols, y);
}

void logistic_mixture_gradient(const float* x, const float* y, const float* dy, int64_t rows, int64_t components,
                               int64_t symbols, float* dx) {
  const profile::Scope scope("logistic mixture gradient", "own", 0, 8.0 * static_cast<double>(rows * symbols));
  HWY_DYNAMIC_DISPATCH(logistic_mixture_gradient)(x, y, dy, rows, components, symbols, dx);
}

}  // namespace mlrun::kernels
#endif
