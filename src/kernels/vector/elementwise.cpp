#include "kernels/vector/elementwise.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/vector/elementwise.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
//
#include "kernels/vector/simd.hpp"
#include "kernels/vector/vector_math.hpp"

HWY_BEFORE_NAMESPACE();
namespace mlrun::kernels::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
using simd::map;
using simd::V;
constexpr simd::Floats d;

HWY_INLINE V set(float x) { return hn::Set(d, x); }

void add_kernel(float* sum, const float* x, int64_t count) {
  map(x, sum, sum, count, [](V u, V v) HWY_ATTR { return hn::Add(v, u); });
}

void mul_kernel(float* y, const float* x, int64_t count) {
  map(x, y, y, count, [](V u, V v) HWY_ATTR { return hn::Mul(v, u); });
}

void affine_kernel(const float* x, float* y, float a, float b, int64_t count) {
  map(x, y, count, [a, b](V v) HWY_ATTR { return hn::MulAdd(v, set(a), set(b)); });
}

// The normal distribution function, 1 - Q for positive x, with Q = erfc(|x| / sqrt 2) / 2 by the Chebyshev fit of Press
// et al. (Numerical Recipes, erfcc; fractional error 1.2e-7).
HWY_INLINE V normal_cdf(V x) {
  const V z = hn::Mul(hn::Abs(x), set(0.70710678118654752f));
  const V t = hn::Div(set(1.0f), hn::MulAdd(z, set(0.5f), set(1.0f)));
  V p = set(0.17087277f);
  p = hn::MulAdd(p, t, set(-0.82215223f));
  p = hn::MulAdd(p, t, set(1.48851587f));
  p = hn::MulAdd(p, t, set(-1.13520398f));
  p = hn::MulAdd(p, t, set(0.27886807f));
  p = hn::MulAdd(p, t, set(-0.18628806f));
  p = hn::MulAdd(p, t, set(0.09678418f));
  p = hn::MulAdd(p, t, set(0.37409196f));
  p = hn::MulAdd(p, t, set(1.00002368f));
  p = hn::MulAdd(p, t, set(-1.26551223f));
  const V q = hn::Mul(hn::Mul(set(0.5f), t), vmath::exp(d, hn::NegMulAdd(z, z, p)));
  return hn::IfThenElse(hn::Gt(x, hn::Zero(d)), hn::Sub(set(1.0f), q), q);
}

HWY_INLINE V normal_density(V x) {
  return hn::Mul(set(0.39894228040143268f), vmath::exp(d, hn::Mul(hn::Mul(x, x), set(-0.5f))));
}

void apply_kernel(Function f, const float* x, float* y, int64_t n, float p, float q) {
  switch (f) {
    case Function::kExp:
      return map(x, y, n, [](V v) HWY_ATTR { return vmath::exp(d, v); });
    case Function::kLog:
      return map(x, y, n, [](V v) HWY_ATTR { return vmath::log(d, v); });
    case Function::kSqrt:
      return map(x, y, n, [](V v) HWY_ATTR { return hn::Sqrt(v); });
    case Function::kSquare:
      return map(x, y, n, [](V v) HWY_ATTR { return hn::Mul(v, v); });
    case Function::kClamp:  // the number second: on x86 Max and Min give the second operand when one is NaN
      return map(x, y, n, [p, q](V v) HWY_ATTR { return hn::Min(set(q), hn::Max(set(p), v)); });
    case Function::kSigmoid:
      return map(x, y, n, [](V v) HWY_ATTR { return vmath::sigmoid(d, v); });
    case Function::kTanh:
      return map(x, y, n, [](V v) HWY_ATTR { return vmath::tanh(d, v); });
    case Function::kRelu:
      return map(x, y, n, [](V v) HWY_ATTR { return hn::Max(hn::Zero(d), v); });
    case Function::kGelu:
      return map(x, y, n, [](V v) HWY_ATTR { return hn::Mul(v, normal_cdf(v)); });
    case Function::kSilu:
      return map(x, y, n, [](V v) HWY_ATTR { return hn::Mul(v, vmath::sigmoid(d, v)); });
    case Function::kSoftplus:
      return map(x, y, n, [](V v) HWY_ATTR { return vmath::softplus(d, v); });
    case Function::kEluPlusOne:
      return map(x, y, n, [](V v) HWY_ATTR {
        return hn::IfThenElse(hn::Gt(v, hn::Zero(d)), hn::Add(v, set(1.0f)), vmath::exp(d, v));
      });
    case Function::kSquaredRelu:
      return map(x, y, n, [](V v) HWY_ATTR {
        const V positive = hn::Max(hn::Zero(d), v);
        return hn::Mul(positive, positive);
      });
  }
}

// s is x or y = f(x), as saves_result says.
void gradient_kernel(Function f, const float* s, const float* dy, float* dx, int64_t n, float p, float q) {
  switch (f) {
    case Function::kExp:
      return map(s, dy, dx, n, [](V y, V g) HWY_ATTR { return hn::Mul(g, y); });
    case Function::kLog:
      return map(s, dy, dx, n, [](V x, V g) HWY_ATTR { return hn::Div(g, x); });
    case Function::kSqrt:
      return map(s, dy, dx, n, [](V y, V g) HWY_ATTR { return hn::Div(hn::Mul(g, set(0.5f)), y); });
    case Function::kSquare:
      return map(s, dy, dx, n, [](V x, V g) HWY_ATTR { return hn::Mul(hn::Add(g, g), x); });
    case Function::kClamp:
      return map(s, dy, dx, n, [p, q](V x, V g) HWY_ATTR {
        return hn::IfThenElseZero(hn::And(hn::Ge(x, set(p)), hn::Le(x, set(q))), g);
      });
    case Function::kSigmoid:
      return map(s, dy, dx, n, [](V y, V g) HWY_ATTR { return hn::Mul(hn::Mul(g, y), hn::Sub(set(1.0f), y)); });
    case Function::kTanh:
      return map(s, dy, dx, n, [](V y, V g) HWY_ATTR { return hn::Mul(g, hn::NegMulAdd(y, y, set(1.0f))); });
    case Function::kRelu:
      return map(s, dy, dx, n, [](V y, V g) HWY_ATTR { return hn::IfThenElseZero(hn::Gt(y, hn::Zero(d)), g); });
    case Function::kGelu:
      return map(s, dy, dx, n,
                 [](V x, V g) HWY_ATTR { return hn::Mul(g, hn::MulAdd(x, normal_density(x), normal_cdf(x))); });
    case Function::kSilu:
      return map(s, dy, dx, n, [](V x, V g) HWY_ATTR {
        const V y = vmath::sigmoid(d, x);
        return hn::Mul(hn::Mul(g, y), hn::MulAdd(x, hn::Sub(set(1.0f), y), set(1.0f)));
      });
    case Function::kSoftplus:
      return map(s, dy, dx, n, [](V x, V g) HWY_ATTR { return hn::Mul(g, vmath::sigmoid(d, x)); });
    case Function::kEluPlusOne:  // its value where that is below 1, and 1 above
      return map(s, dy, dx, n,
                 [](V y, V g) HWY_ATTR { return hn::Mul(g, hn::IfThenElse(hn::Gt(y, set(1.0f)), set(1.0f), y)); });
    case Function::kSquaredRelu:
      return map(s, dy, dx, n, [](V x, V g) HWY_ATTR { return hn::Mul(hn::Add(g, g), hn::Max(hn::Zero(d), x)); });
  }
}

}  // namespace
}  // namespace mlrun::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include "base/error.hpp"
#include "kernels/profile.hpp"

namespace mlrun::kernels {

HWY_EXPORT(add_kernel);
HWY_EXPORT(mul_kernel);
HWY_EXPORT(affine_kernel);
HWY_EXPORT(apply_kernel);
HWY_EXPORT(gradient_kernel);

namespace {

void same_count(const char* what, const Tensor& a, const Tensor& b) {
  if (a.count() == b.count()) return;  // before words are made: a step of a small model is made of calls like this one
  fail(ExitCode::kInternal, "{} of {} and {}", what, to_string(a.shape()), to_string(b.shape()));
}

}  // namespace

void add_to(Tensor& sum, const Tensor& x) {
  same_count("add_to", sum, x);
  HWY_DYNAMIC_DISPATCH(add_kernel)(sum.data<float>(), x.data<float>(), x.count());
}

Tensor affine(const Tensor& x, float a, float b) {
  Tensor y(x.shape());
  HWY_DYNAMIC_DISPATCH(affine_kernel)(x.data<float>(), y.data<float>(), a, b, x.count());
  return y;
}

void mul_in_place(Tensor& y, const Tensor& x) {
  same_count("mul_in_place", y, x);
  HWY_DYNAMIC_DISPATCH(mul_kernel)(y.data<float>(), x.data<float>(), x.count());
}

void scale_in_place(Tensor& x, float a) {
  float* p = x.data<float>();
  HWY_DYNAMIC_DISPATCH(affine_kernel)(p, p, a, 0.0f, x.count());
}

bool saves_result(Function f) {
  switch (f) {
    case Function::kExp:
    case Function::kSqrt:
    case Function::kSigmoid:
    case Function::kTanh:
    case Function::kRelu:
    case Function::kEluPlusOne:
      return true;
    default:
      return false;
  }
}

void apply(Function f, const float* x, float* y, int64_t count, float p, float q) {
  const double n = static_cast<double>(count);
  const profile::Scope scope("elementwise", "own", 0, 8 * n);
  HWY_DYNAMIC_DISPATCH(apply_kernel)(f, x, y, count, p, q);
}

void gradient(Function f, const float* saved, const float* dy, float* dx, int64_t count, float p, float q) {
  const double n = static_cast<double>(count);
  const profile::Scope scope("elementwise gradient", "own", 0, 12 * n);
  HWY_DYNAMIC_DISPATCH(gradient_kernel)(f, saved, dy, dx, count, p, q);
}

Tensor apply(Function f, const Tensor& x, float p, float q) {
  Tensor y(x.shape());
  apply(f, x.data<float>(), y.data<float>(), x.count(), p, q);
  return y;
}

Tensor gradient(Function f, const Tensor& saved, const Tensor& dy, float p, float q) {
  same_count("gradient", saved, dy);
  Tensor dx(dy.shape());
  gradient(f, saved.data<float>(), dy.data<float>(), dx.data<float>(), dy.count(), p, q);
  return dx;
}

}  // namespace mlrun::kernels
#endif  // HWY_ONCE
