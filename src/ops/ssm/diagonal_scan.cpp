#include "ops/ssm/diagonal_scan.hpp"

#include <cmath>
#include <complex>

#include "base/error.hpp"
#include "kernels/ssm/diagonal_scan.hpp"
#include "kernels/vector/elementwise.hpp"
#include "ops/elementwise.hpp"
#include "ops/gradient_room.hpp"
#include "ops/shape.hpp"

namespace mlrun::ops {
namespace {

using Complex = std::complex<double>;

double at(const Tensor& x, int64_t i) { return static_cast<double>(x.data<float>()[i]); }

// Row `row` of complex numbers of x [.., p] (its real parts, then its imaginary parts).
Complex complex_at(const Tensor& x, int64_t row, int64_t p, int64_t k) {
  return {at(x, 2 * row * p + k), at(x, (2 * row + 1) * p + k)};
}

void put(Tensor& x, int64_t row, int64_t p, int64_t k, Complex z) {
  x.data<float>()[2 * row * p + k] = static_cast<float>(z.real());
  x.data<float>()[(2 * row + 1) * p + k] = static_cast<float>(z.imag());
}

// Writes number k of a gradient, or adds to it.
void add_number(Destination& to, int64_t k, double gradient) {
  if (!to.needed) return;
  float& place = to.tensor.data<float>()[k];
  place = static_cast<float>(gradient) + (to.accumulate ? place : 0.0f);
}

// (e^z - 1) / z and its derivative.
struct Growth {
  Complex value, derivative;
};
Growth growth(Complex z) {
  if (std::abs(z) < 1e-3) return {1.0 + z * (0.5 + z * (1.0 / 6 + z / 24.0)), 0.5 + z * (1.0 / 3 + z * 0.125)};
  const Complex e = std::exp(z), value = (e - 1.0) / z;
  return {value, (e - value) / z};
}

// lambda and scale of a pole for a time step, and their derivatives.
struct Discrete {
  Complex lambda, scale, lambda_by_pole, lambda_by_step, scale_by_pole, scale_by_step;
};
Discrete discrete(Complex a, double d, Discretisation rule) {
  if (rule == Discretisation::kZeroOrderHold) {
    const Complex lambda = std::exp(a * d);
    const Growth g = growth(a * d);
    return {lambda, d * g.value, d * lambda, a * lambda, d * d * g.derivative, lambda};
  }
  const Complex r = 1.0 / (1.0 - a * d / 2.0), r2 = r * r;
  return {(1.0 + a * d / 2.0) * r, d * r, d * r2, a * r2, d * d / 2.0 * r2, r2};
}

}  // namespace

// dv_t = dx_t + conj(lambda) dv_{t+1}, dlambda = sum dv_t conj(x_{t-1})
Variable diagonal_scan(const Variable& v, const Variable& lambda) {
  const Tensor V = v.value(), L = lambda.value();
  require(V.rank() == 3 && V.dim(2) == L.count() && L.count() % 2 == 0, "a diagonal scan of {} with poles {}",
          to_string(V.shape()), to_string(L.shape()));
  const int64_t n = V.dim(0), length = V.dim(1), p = V.dim(2) / 2;
  Tensor x(V.shape());
  kernels::diagonal_scan(L.data<float>(), V.data<float>(), n, length, p, x.data<float>());
  return record_joint(x, {v, lambda}, [x, L, n, length, p](const Tensor& dx, std::vector<Destination>& to) {
    Tensor dv = room_for(to[0], dx.shape());
    std::vector<double> dlambda(static_cast<size_t>(2 * p), 0.0);
    kernels::diagonal_scan_gradient(L.data<float>(), x.data<float>(), dx.data<float>(), n, length, p, dv.data<float>(),
                                    dlambda.data());
    add_gradient(to[0], dv);
    for (int64_t k = 0; k < 2 * p; ++k) add_number(to[1], k, dlambda[static_cast<size_t>(k)]);
  });
}

// With g = d/d(real part) + i d/d(imaginary part) of a loss by lambda: its gradient by a real number s is
// Re(conj(dlambda/ds) g). Likewise below.
Variable exponential_poles(const Variable& nu_log, const Variable& theta_log) {
  const Tensor N = nu_log.value(), T = theta_log.value();
  const int64_t p = N.count();
  require(T.count() == p, "poles of {} and {}", to_string(N.shape()), to_string(T.shape()));
  const auto lambda = [N, T](int64_t k) { return std::exp(Complex(-std::exp(at(N, k)), std::exp(at(T, k)))); };
  Tensor y({2, p});
  for (int64_t k = 0; k < p; ++k) put(y, 0, p, k, lambda(k));
  return record_joint(y, {nu_log, theta_log}, [N, T, p, lambda](const Tensor& dy, std::vector<Destination>& to) {
    for (int64_t k = 0; k < p; ++k) {
      const Complex through = std::conj(lambda(k)) * complex_at(dy, 0, p, k);
      add_number(to[0], k, -std::exp(at(N, k)) * through.real());
      add_number(to[1], k, std::exp(at(T, k)) * through.imag());
    }
  });
}

Variable discretise(const Variable& real_log, const Variable& imaginary, const Variable& step_log,
                    Discretisation rule) {
  const Tensor R = real_log.value(), I = imaginary.value(), S = step_log.value();
  const int64_t p = R.count();
  require(I.count() == p && S.count() == p, "poles of {} and {} with steps {}", to_string(R.shape()),
          to_string(I.shape()), to_string(S.shape()));
  const auto system = [R, I, S, rule](int64_t k) {
    return discrete({-std::exp(at(R, k)), at(I, k)}, std::exp(at(S, k)), rule);
  };
  Tensor y({4, p});
  for (int64_t k = 0; k < p; ++k) {
    const Discrete s = system(k);
    put(y, 0, p, k, s.lambda);
    put(y, 1, p, k, s.scale);
  }
  return record_joint(y, {real_log, imaginary, step_log},
                      [R, S, p, system](const Tensor& dy, std::vector<Destination>& to) {
                        for (int64_t k = 0; k < p; ++k) {
                          const Discrete s = system(k);
                          const Complex dl = complex_at(dy, 0, p, k), ds = complex_at(dy, 1, p, k);
                          const Complex pole = std::conj(s.lambda_by_pole) * dl + std::conj(s.scale_by_pole) * ds;
                          const Complex step = std::conj(s.lambda_by_step) * dl + std::conj(s.scale_by_step) * ds;
                          add_number(to[0], k, -std::exp(at(R, k)) * pole.real());
                          add_number(to[1], k, pole.imag());
                          add_number(to[2], k, std::exp(at(S, k)) * step.real());
                        }
                      });
}

Variable scale_complex_rows(const Variable& b, const Variable& scale) {
  require(b.value().rank() == 3 && b.dim(0) == 2 && scale.value().count() == 2 * b.dim(1), "rows of {} scaled by {}",
          to_string(b.shape()), to_string(scale.shape()));
  const Variable s = reshape(scale, {2, b.dim(1), 1});
  const Variable b_re = slice(b, 0, 0, 1), b_im = slice(b, 0, 1, 2), s_re = slice(s, 0, 0, 1), s_im = slice(s, 0, 1, 2);
  const Variable re = sub(mul(b_re, s_re), mul(b_im, s_im)), im = add(mul(b_re, s_im), mul(b_im, s_re));
  return reshape(concat({re, im}, 0), {2 * b.dim(1), b.dim(2)});
}

}  // namespace mlrun::ops
