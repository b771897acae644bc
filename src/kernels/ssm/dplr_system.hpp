// One channel of a diagonal plus low-rank state space, discretised in double, and the way back for gradients. Included
// once per instruction set by Highway's foreach_target (hence the unusual include guard).
#if defined(MLRUN_KERNELS_DPLR_SYSTEM_HPP) == defined(HWY_TARGET_TOGGLE)
#ifdef MLRUN_KERNELS_DPLR_SYSTEM_HPP
#undef MLRUN_KERNELS_DPLR_SYSTEM_HPP
#else
#define MLRUN_KERNELS_DPLR_SYSTEM_HPP
#endif

#include <cmath>

#include "hwy/highway.h"
#include "kernels/ssm/complex_row.hpp"
#include "kernels/ssm/dplr.hpp"

HWY_BEFORE_NAMESPACE();
namespace mlrun::kernels::HWY_NAMESPACE::ssm {
namespace hn = hwy::HWY_NAMESPACE;

HWY_INLINE Complex conjugate(Complex a) { return {a.re, hn::Neg(a.im)}; }
HWY_INLINE Complex times(double a, Complex b) { return scale(hn::Set(Doubles(), a), b); }
HWY_INLINE double total(W x) { return hn::GetLane(hn::SumOfLanes(Doubles(), x)); }
// Re(conj(a) b), lane by lane: the product of a and b as pairs of real numbers.
HWY_INLINE W paired(Complex a, Complex b) { return hn::MulAdd(a.re, b.re, hn::Mul(a.im, b.im)); }
HWY_INLINE void add_to(PoleRow& row, int64_t p, Complex x) { row.set(p, add(row.at(p), x)); }

// As real vectors of 2 P numbers, real parts and imaginary parts: a state s goes to D s + w (q . s) + input u, where D
// multiplies by the complex numbers a, and is read out by out . s.
struct DplrParts {
  explicit DplrParts(int64_t count) : a(count), w(count), q(count), input(count), out(count) {}
  PoleRow a, w, q, input, out;
};

// With k = dt / 2 and E = 1 / (1 - k Lambda): (1 - k A)^-1 = E - phi E p p^* E, phi = k / (1 + k p^* E p), and Abar is
// twice that less 1. p^* x is, with the conjugates, 2 Re sum conj(p) x.
class DplrSystem {
 public:
  explicit DplrSystem(const Dplr& system)
      : system_(system),
        count_((system.poles + 15) / 16 * 16),
        parts_(count_),
        lambda_(count_),
        p_(count_),
        b_(count_),
        e_(count_) {}

  int64_t count() const { return count_; }  // poles, with zeros up to a multiple of 16
  const DplrParts& parts() const { return parts_; }

  HWY_INLINE void read(int64_t channel) {
    const int64_t half = system_.channels * system_.poles;
    for (int64_t i = 0; i < system_.poles; ++i) {
      const auto to = static_cast<size_t>(i);
      const int64_t from = channel * system_.poles + i;
      const auto number = [&](const float* x, int64_t at) { return static_cast<double>(x[at]); };
      lambda_.re[to] = -std::exp(number(system_.log_decay, from));
      lambda_.im[to] = number(system_.frequency, from);
      p_.re[to] = number(system_.p, from);
      p_.im[to] = number(system_.p, half + from);
      b_.re[to] = number(system_.b, from);
      b_.im[to] = number(system_.b, half + from);
      parts_.out.re[to] = 2 * number(system_.c, from);
      parts_.out.im[to] = -2 * number(system_.c, half + from);
    }
    dt_ = std::exp(static_cast<double>(system_.log_dt[channel]));
    W pep = hn::Zero(Doubles()), peb = pep;
    for (int64_t i = 0; i < count_; i += double_lanes()) {
      const Complex e = inverse(add(constant(1), times(-dt_ / 2, lambda_.at(i)))), p = p_.at(i);
      e_.set(i, e);
      pep = hn::MulAdd(paired(p, p), e.re, pep);
      peb = hn::Add(peb, multiply(multiply(conjugate(p), e), b_.at(i)).re);
    }
    pep_ = 2 * total(pep);
    peb_ = 2 * total(peb);
    phi_ = dt_ / 2 / (1 + dt_ / 2 * pep_);
    for (int64_t i = 0; i < count_; i += double_lanes()) {
      const Complex e = e_.at(i), p = p_.at(i), ep = multiply(e, p);
      parts_.a.set(i, add(times(2, e), constant(-1)));
      parts_.w.set(i, times(-2 * phi_, ep));
      parts_.q.set(i, times(2, conjugate(multiply(conjugate(p), e))));
      parts_.input.set(i, times(dt_, add(multiply(e, b_.at(i)), times(-phi_ * peb_, ep))));
    }
  }

  // From the gradients of the parts (of real and imaginary parts): adds those of the parameters of the channel last
  // read. A gradient g of z means dL = Re(conj(g) dz).
  HWY_INLINE void gradient(int64_t channel, const DplrParts& by, const DplrGradient& to) {
    const Doubles d;
    W by_phi = hn::Zero(d), by_peb = by_phi, by_dt = by_phi;
    for (int64_t i = 0; i < count_; i += double_lanes()) {
      const Complex ep = multiply(e_.at(i), p_.at(i)), g = by.input.at(i);
      const W along = paired(ep, g);
      by_phi = hn::NegMulAdd(hn::Set(d, 2.0), paired(ep, by.w.at(i)), by_phi);
      by_phi = hn::NegMulAdd(hn::Set(d, dt_ * peb_), along, by_phi);
      by_peb = hn::NegMulAdd(hn::Set(d, dt_ * phi_), along, by_peb);
      by_dt = hn::MulAdd(hn::Set(d, 1 / dt_), paired(parts_.input.at(i), g), by_dt);
    }
    const double k = dt_ / 2, of_phi = total(by_phi), of_peb = total(by_peb), grown = 1 + k * pep_;
    const double of_pep = -phi_ * phi_ * of_phi;
    double of_k = of_phi / (grown * grown);
    PoleRow by_lambda(count_), by_p(count_), by_b(count_);
    W more_k = hn::Zero(d);
    for (int64_t i = 0; i < count_; i += double_lanes()) {
      const Complex e = e_.at(i), p = p_.at(i), b = b_.at(i), g = by.input.at(i);
      // h = conj(p) E, q = 2 conj(h), peb = 2 Re sum h b;  ep = E p;  input = dt (E b - phi peb ep)
      const Complex h = multiply(conjugate(p), e);
      const Complex of_h = add(times(2, conjugate(by.q.at(i))), times(2 * of_peb, conjugate(b)));
      const Complex of_ep = add(times(-2 * phi_, by.w.at(i)), times(-dt_ * phi_ * peb_, g));
      const Complex of_eb = times(dt_, g);
      Complex of_e = add(times(2, by.a.at(i)), multiply(p, of_h));
      of_e = add(of_e, add(multiply(conjugate(p), of_ep), multiply(conjugate(b), of_eb)));
      of_e.re = hn::MulAdd(hn::Set(d, 2 * of_pep), paired(p, p), of_e.re);
      Complex of_p = add(multiply(conjugate(of_h), e), multiply(conjugate(e), of_ep));
      of_p = add(of_p, scale(hn::Mul(hn::Set(d, 4 * of_pep), e.re), p));
      by_p.set(i, of_p);
      by_b.set(i, add(times(2 * of_peb, conjugate(h)), multiply(conjugate(e), of_eb)));
      const Complex square = multiply(e, e);
      by_lambda.set(i, times(k, multiply(conjugate(square), of_e)));
      more_k = hn::Add(more_k, paired(multiply(lambda_.at(i), square), of_e));
    }
    of_k += total(more_k);
    to.log_dt[channel] += static_cast<float>(dt_ * (total(by_dt) + of_k / 2));
    const int64_t half = system_.channels * system_.poles;
    const auto put = [](double x, float& place) { place += static_cast<float>(x); };
    for (int64_t i = 0; i < system_.poles; ++i) {
      const auto from = static_cast<size_t>(i);
      const int64_t at = channel * system_.poles + i;
      put(by_lambda.re[from] * lambda_.re[from], to.log_decay[at]);
      put(by_lambda.im[from], to.frequency[at]);
      put(by_p.re[from], to.p[at]);
      put(by_p.im[from], to.p[half + at]);
      put(by_b.re[from], to.b[at]);
      put(by_b.im[from], to.b[half + at]);
      put(2 * by.out.re[from], to.c[at]);
      put(-2 * by.out.im[from], to.c[half + at]);
    }
  }

 private:
  Dplr system_;
  int64_t count_;
  double dt_ = 0, pep_ = 0, peb_ = 0, phi_ = 0;  // p^* E p, p^* E b
  DplrParts parts_;
  PoleRow lambda_, p_, b_, e_;
};

}  // namespace mlrun::kernels::HWY_NAMESPACE::ssm
HWY_AFTER_NAMESPACE();
#endif  // the toggle
