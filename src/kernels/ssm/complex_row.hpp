// Complex numbers in double, a vector of real and a vector of imaginary parts, for the tables of state spaces. Included
// once per instruction set by Highway's foreach_target (hence the unusual include guard).
#if defined(MLRUN_KERNELS_COMPLEX_ROW_HPP) == defined(HWY_TARGET_TOGGLE)
#ifdef MLRUN_KERNELS_COMPLEX_ROW_HPP
#undef MLRUN_KERNELS_COMPLEX_ROW_HPP
#else
#define MLRUN_KERNELS_COMPLEX_ROW_HPP
#endif

#include <cstdint>
#include <vector>

#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace mlrun::kernels::HWY_NAMESPACE::ssm {
namespace hn = hwy::HWY_NAMESPACE;
using Doubles = hn::ScalableTag<double>;
using W = hn::Vec<Doubles>;

struct Complex {
  W re, im;
};
HWY_INLINE Complex constant(double re) { return {hn::Set(Doubles(), re), hn::Zero(Doubles())}; }
HWY_INLINE Complex add(Complex a, Complex b) { return {hn::Add(a.re, b.re), hn::Add(a.im, b.im)}; }
HWY_INLINE Complex scale(W a, Complex b) { return {hn::Mul(a, b.re), hn::Mul(a, b.im)}; }
HWY_INLINE Complex multiply(Complex a, Complex b) {
  return {hn::NegMulAdd(a.im, b.im, hn::Mul(a.re, b.re)), hn::MulAdd(a.re, b.im, hn::Mul(a.im, b.re))};
}
HWY_INLINE Complex inverse(Complex a) {
  const W size = hn::MulAdd(a.re, a.re, hn::Mul(a.im, a.im));
  return {hn::Div(a.re, size), hn::Neg(hn::Div(a.im, size))};
}
HWY_INLINE Complex choose(hn::Mask<Doubles> yes, Complex a, Complex b) {
  return {hn::IfThenElse(yes, a.re, b.re), hn::IfThenElse(yes, a.im, b.im)};
}

HWY_INLINE int64_t double_lanes() { return static_cast<int64_t>(hn::Lanes(Doubles())); }

// A row of complex numbers, one for each pole and zeros up to a multiple of 16.
struct PoleRow {
  explicit PoleRow(int64_t count) : re(static_cast<size_t>(count)), im(re.size()) {}
  Complex at(int64_t p) const { return {hn::LoadU(Doubles(), re.data() + p), hn::LoadU(Doubles(), im.data() + p)}; }
  void set(int64_t p, Complex x) {
    hn::StoreU(x.re, Doubles(), re.data() + p);
    hn::StoreU(x.im, Doubles(), im.data() + p);
  }
  std::vector<double> re, im;
};

}  // namespace mlrun::kernels::HWY_NAMESPACE::ssm
HWY_AFTER_NAMESPACE();
#endif  // the toggle
