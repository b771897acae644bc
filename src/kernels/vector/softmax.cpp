#include "kernels/vector/softmax.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/vector/softmax.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
//
#include <cmath>

#include "kernels/vector/simd.hpp"
#include "kernels/vector/vector_math.hpp"

HWY_BEFORE_NAMESPACE();
namespace mlrun::kernels::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
using simd::V;
constexpr simd::Floats d;

// What to subtract before exp. A row of -infinity only must not give infinity - infinity.
HWY_INLINE float shift_of(const float* x, int64_t n) {
  const float greatest = simd::max(x, n);
  return greatest == -std::numeric_limits<float>::infinity() ? 0.0f : greatest;
}

HWY_INLINE double sum_exp(const float* x, int64_t n, float shift) {
  const V s = hn::Set(d, shift);
  // Zeros behind the end of the row would count as e^-shift, so the last, partial vector is summed by number.
  const int64_t whole = n - n % simd::lanes();
  double sum =
      simd::sum_of(whole, [&](int64_t i, int64_t) HWY_ATTR { return vmath::exp(d, hn::Sub(hn::LoadU(d, x + i), s)); });
  if (whole < n) {
    HWY_ALIGN float rest[HWY_MAX_BYTES / sizeof(float)];
    hn::Store(vmath::exp(d, hn::Sub(simd::load_some(x + whole, n - whole), s)), d, rest);
    for (int64_t i = 0; i < n - whole; ++i) sum += static_cast<double>(rest[i]);
  }
  return sum;
}

void softmax_kernel(const float* x, float* y, int64_t rows, int64_t n) {
  for (int64_t r = 0; r < rows; ++r, x += n, y += n) {
    const V s = hn::Set(d, shift_of(x, n));
    simd::map(x, y, n, [s](V v) HWY_ATTR { return vmath::exp(d, hn::Sub(v, s)); });
    const V scale = hn::Set(d, static_cast<float>(1.0 / simd::sum(y, n)));
    simd::map(y, y, n, [scale](V v) HWY_ATTR { return hn::Mul(v, scale); });
  }
}

void softmax_gradient_kernel(const float* y, const float* dy, float* dx, int64_t rows, int64_t n) {
  for (int64_t r = 0; r < rows; ++r, y += n, dy += n, dx += n) {
    const V dot = hn::Set(d, static_cast<float>(simd::dot(y, dy, n)));
    simd::map(y, dy, dx, n, [dot](V p, V g) HWY_ATTR { return hn::Mul(p, hn::Sub(g, dot)); });
  }
}

void logsumexp_kernel(const float* x, float* lse, int64_t rows, int64_t n) {
  for (int64_t r = 0; r < rows; ++r, x += n) {
    const float shift = shift_of(x, n);
    lse[r] = static_cast<float>(static_cast<double>(shift) + std::log(sum_exp(x, n, shift)));
  }
}

void log_softmax_kernel(const float* x, float* y, int64_t rows, int64_t n) {
  for (int64_t r = 0; r < rows; ++r, x += n, y += n) {
    const float shift = shift_of(x, n);
    // The shift first: x and lse may be large and close to each other.
    const V s = hn::Set(d, shift), log_sum = hn::Set(d, static_cast<float>(std::log(sum_exp(x, n, shift))));
    simd::map(x, y, n, [s, log_sum](V v) HWY_ATTR { return hn::Sub(hn::Sub(v, s), log_sum); });
  }
}

void log_softmax_gradient_kernel(const float* y, const float* dy, float* dx, int64_t rows, int64_t n) {
  for (int64_t r = 0; r < rows; ++r, y += n, dy += n, dx += n) {
    const V sum = hn::Set(d, static_cast<float>(simd::sum(dy, n)));
    simd::map(y, dy, dx, n, [sum](V v, V g) HWY_ATTR { return hn::NegMulAdd(vmath::exp(d, v), sum, g); });
  }
}

void logsumexp_gradient_kernel(const float* x, const float* lse, const float* dy, float* dx, int64_t rows, int64_t n) {
  for (int64_t r = 0; r < rows; ++r, x += n, dx += n) {
    const V l = hn::Set(d, lse[r]), g = hn::Set(d, dy[r]);
    simd::map(x, dx, n, [l, g](V v) HWY_ATTR { return hn::Mul(g, vmath::exp(d, hn::Sub(v, l))); });
  }
}

}  // namespace
}  // namespace mlrun::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include "base/error.hpp"
#include "kernels/profile.hpp"

namespace mlrun::kernels {

HWY_EXPORT(softmax_kernel);
HWY_EXPORT(softmax_gradient_kernel);
HWY_EXPORT(logsumexp_kernel);
HWY_EXPORT(log_softmax_kernel);
HWY_EXPORT(log_softmax_gradient_kernel);
HWY_EXPORT(logsumexp_gradient_kernel);

namespace {

struct Rows {
  int64_t count, length;
};

Rows rows_of(const Tensor& x) {
  const int64_t n = x.dim(-1);
  require(n > 0, "softmax over an empty axis of {}", to_string(x.shape()));
  return {x.count() / n, n};
}

Shape without_last(const Shape& shape) { return Shape(shape.begin(), shape.end() - 1); }

double traffic(const Tensor& x) { return 12.0 * static_cast<double>(x.count()); }

void check_targets(const Tensor& x, const Tensor& targets) {
  const Rows rows = rows_of(x);
  require(targets.count() == rows.count, "targets {} for logits {}", to_string(targets.shape()), to_string(x.shape()));
  const int32_t* t = targets.data<int32_t>();
  for (int64_t r = 0; r < rows.count; ++r) {
    require(t[r] >= 0 && t[r] < rows.length, "target {} at {} of {} classes", t[r], r, rows.length);
  }
}

}  // namespace

Tensor softmax(const Tensor& x) {
  const profile::Scope scope("softmax", "own", 0, traffic(x));
  const Rows rows = rows_of(x);
  Tensor y(x.shape());
  HWY_DYNAMIC_DISPATCH(softmax_kernel)(x.data<float>(), y.data<float>(), rows.count, rows.length);
  return y;
}

Tensor softmax_gradient(const Tensor& y, const Tensor& dy) {
  const profile::Scope scope("softmax gradient", "own", 0, traffic(y));
  const Rows rows = rows_of(y);
  Tensor dx(y.shape());
  HWY_DYNAMIC_DISPATCH(softmax_gradient_kernel)
  (y.data<float>(), dy.data<float>(), dx.data<float>(), rows.count, rows.length);
  return dx;
}

Tensor log_softmax(const Tensor& x) {
  const profile::Scope scope("softmax", "own", 0, traffic(x));
  const Rows rows = rows_of(x);
  Tensor y(x.shape());
  HWY_DYNAMIC_DISPATCH(log_softmax_kernel)(x.data<float>(), y.data<float>(), rows.count, rows.length);
  return y;
}

Tensor log_softmax_gradient(const Tensor& y, const Tensor& dy) {
  const profile::Scope scope("softmax gradient", "own", 0, traffic(y));
  const Rows rows = rows_of(y);
  Tensor dx(y.shape());
  HWY_DYNAMIC_DISPATCH(log_softmax_gradient_kernel)
  (y.data<float>(), dy.data<float>(), dx.data<float>(), rows.count, rows.length);
  return dx;
}

Tensor logsumexp(const Tensor& x) {
  const profile::Scope scope("softmax", "own", 0, traffic(x));
  const Rows rows = rows_of(x);
  Tensor lse(without_last(x.shape()));
  HWY_DYNAMIC_DISPATCH(logsumexp_kernel)(x.data<float>(), lse.data<float>(), rows.count, rows.length);
  return lse;
}

Tensor logsumexp_gradient(const Tensor& x, const Tensor& lse, const Tensor& dy) {
  const profile::Scope scope("softmax gradient", "own", 0, traffic(x));
  const Rows rows = rows_of(x);
  Tensor dx(x.shape());
  HWY_DYNAMIC_DISPATCH(logsumexp_gradient_kernel)
  (x.data<float>(), lse.data<float>(), dy.data<float>(), dx.data<float>(), rows.count, rows.length);
  return dx;
}

CategoricalNll categorical_nll(const Tensor& x, const Tensor& targets) {
  check_targets(x, targets);
  CategoricalNll result{Tensor(without_last(x.shape())), logsumexp(x)};
  const Rows rows = rows_of(x);
  const float* p = x.data<float>();
  for (int64_t r = 0; r < rows.count; ++r, p += rows.length) {
    result.nll.data<float>()[r] = result.lse.data<float>()[r] - p[targets.data<int32_t>()[r]];
  }
  return result;
}

Tensor categorical_nll_gradient(const Tensor& x, const Tensor& targets, const Tensor& lse, const Tensor& dy) {
  Tensor dx = logsumexp_gradient(x, lse, dy);
  const Rows rows = rows_of(x);
  float* p = dx.data<float>();
  for (int64_t r = 0; r < rows.count; ++r, p += rows.length) p[targets.data<int32_t>()[r]] -= dy.data<float>()[r];
  return dx;
}

}  // namespace mlrun::kernels
#endif  // HWY_ONCE
