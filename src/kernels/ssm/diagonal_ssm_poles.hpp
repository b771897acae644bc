// The poles of one channel of a diagonal state space, discretised in double, and the way back for gradients. Included
// once per instruction set by Highway's foreach_target (hence the unusual include guard).
#if defined(MLRUN_KERNELS_DIAGONAL_SSM_POLES_HPP) == defined(HWY_TARGET_TOGGLE)
#ifdef MLRUN_KERNELS_DIAGONAL_SSM_POLES_HPP
#undef MLRUN_KERNELS_DIAGONAL_SSM_POLES_HPP
#else
#define MLRUN_KERNELS_DIAGONAL_SSM_POLES_HPP
#endif

#include <algorithm>
#include <cmath>
#include <vector>

#include "hwy/contrib/math/math-inl.h"
#include "hwy/highway.h"
#include "kernels/ssm/complex_row.hpp"
#include "kernels/ssm/diagonal_ssm.hpp"

HWY_BEFORE_NAMESPACE();
namespace mlrun::kernels::HWY_NAMESPACE::ssm {
namespace hn = hwy::HWY_NAMESPACE;

// e^x; Highway's own would turn NaN into 0, and a diverging run must be seen.
HWY_INLINE W exponential(W x) {
  const Doubles d;
  return hn::IfThenElse(hn::Eq(x, x), hn::Exp(d, x), x);
}
HWY_INLINE Complex exponential(Complex x) {
  const Doubles d;
  const W turns = hn::Round(hn::Mul(x.im, hn::Set(d, 0.15915494309189535)));
  W angle = hn::NegMulAdd(turns, hn::Set(d, 6.2831853069365025), x.im);  // 2 pi in two parts
  angle = hn::NegMulAdd(turns, hn::Set(d, 2.430840202602477e-10), angle);
  return scale(exponential(x.re), {hn::Cos(d, angle), hn::Sin(d, angle)});
}

// Abar and Bbar / dt as functions of l = dt A, with their derivatives by l.
struct Discrete {
  Complex a, a_slope, b, b_slope;
};

HWY_INLINE Discrete zero_order_hold(Complex l) {
  const Doubles d;
  // b = (e^l - 1) / l, which near 0 is the series sum_k l^k / (k + 1)!.
  constexpr int kTerms = 10;
  constexpr double kFactorials[] = {1, 2, 6, 24, 120, 720, 5040, 40320, 362880, 3628800, 39916800};
  Complex series = constant(0), slope = constant(0);
  for (int k = kTerms - 1; k >= 0; --k) {
    series = add(multiply(series, l), constant(1 / kFactorials[k]));
    slope = add(multiply(slope, l), constant((k + 1) / kFactorials[k + 1]));
  }
  const auto small = hn::Lt(hn::MulAdd(l.re, l.re, hn::Mul(l.im, l.im)), hn::Set(d, 1.0 / 64));
  const Complex a = exponential(l);
  const Complex over = inverse(choose(small, constant(1), l));
  const Complex b = multiply(add(a, constant(-1)), over);
  const Complex b_slope = multiply(add(a, scale(hn::Set(d, -1.0), b)), over);
  return {a, a, choose(small, series, b), choose(small, slope, b_slope)};
}

HWY_INLINE Discrete bilinear(Complex l) {
  const W half = hn::Set(Doubles(), 0.5);
  const Complex x = scale(half, l);
  const Complex b = inverse(add(constant(1), scale(hn::Set(Doubles(), -1.0), x)));
  const Complex square = multiply(b, b);
  return {multiply(add(constant(1), x), b), square, b, scale(half, square)};
}

class Poles {
 public:
  explicit Poles(const DiagonalSsm& system)
      : system_(system), count_((system.poles + 15) / 16 * 16), a_(count_), c_(count_), z_(count_), weight_(count_) {}

  int64_t count() const { return count_; }
  const PoleRow& z() const { return z_; }            // Abar
  const PoleRow& weight() const { return weight_; }  // 2 C Bbar

  HWY_INLINE void read(int64_t channel) {
    const Doubles d;
    const int64_t first = channel * system_.poles;
    const float *c = system_.c + first, *c_im = c + system_.channels * system_.poles;
    for (int64_t p = 0; p < system_.poles; ++p) {
      const auto i = static_cast<size_t>(p);
      a_.re[i] = static_cast<double>(system_.log_decay[first + p]);
      a_.im[i] = static_cast<double>(system_.frequency[first + p]);
      c_.re[i] = static_cast<double>(c[p]);
      c_.im[i] = static_cast<double>(c_im[p]);
    }
    dt_ = std::exp(static_cast<double>(system_.log_dt[channel]));
    const W two_dt = hn::Set(d, 2 * dt_);
    for (int64_t p = 0; p < count_; p += double_lanes()) {
      Complex a = a_.at(p);
      a.re = hn::Neg(exponential(a.re));
      a_.set(p, a);
      const Discrete s = discrete(p);
      z_.set(p, s.a);
      weight_.set(p, scale(two_dt, multiply(c_.at(p), s.b)));
    }
  }

  // With dL = Re sum of (by_z dz + by_weight dweight): adds the gradients of the parameters of the channel last read.
  HWY_INLINE void gradient(int64_t channel, const PoleRow& by_z, const PoleRow& by_weight,
                           const DiagonalSsmGradient& to) {
    const Doubles d;
    const W dt = hn::Set(d, dt_), two_dt = hn::Set(d, 2 * dt_);
    W by_log_dt = hn::Zero(d);
    PoleRow by_a(count_), by_c(count_);
    for (int64_t p = 0; p < count_; p += double_lanes()) {
      const Discrete s = discrete(p);
      const Complex gw = by_weight.at(p);
      const Complex g =
          add(multiply(by_z.at(p), s.a_slope), scale(two_dt, multiply(multiply(gw, c_.at(p)), s.b_slope)));
      by_c.set(p, scale(two_dt, multiply(gw, s.b)));
      by_a.set(p, scale(dt, g));
      by_log_dt = hn::Add(by_log_dt, hn::Add(scale(dt, multiply(g, a_.at(p))).re, multiply(gw, weight_.at(p)).re));
    }
    to.log_dt[channel] += static_cast<float>(hn::GetLane(hn::SumOfLanes(d, by_log_dt)));
    const int64_t first = channel * system_.poles, half = system_.channels * system_.poles;
    for (int64_t p = 0; p < system_.poles; ++p) {
      const auto i = static_cast<size_t>(p);
      to.log_decay[first + p] += static_cast<float>(by_a.re[i] * a_.re[i]);
      to.frequency[first + p] -= static_cast<float>(by_a.im[i]);
      to.c[first + p] += static_cast<float>(by_c.re[i]);
      to.c[half + first + p] -= static_cast<float>(by_c.im[i]);
    }
  }

 private:
  HWY_INLINE Discrete discrete(int64_t p) const {
    const Complex l = scale(hn::Set(Doubles(), dt_), a_.at(p));
    return system_.discretisation == Discretisation::kBilinear ? bilinear(l) : zero_order_hold(l);
  }

  DiagonalSsm system_;
  int64_t count_;
  double dt_ = 0;
  PoleRow a_, c_, z_, weight_;
};

}  // namespace mlrun::kernels::HWY_NAMESPACE::ssm
HWY_AFTER_NAMESPACE();
#endif  // the toggle
