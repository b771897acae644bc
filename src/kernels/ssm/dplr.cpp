#include "kernels/ssm/dplr.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/ssm/dplr.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
//
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace mlrun::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
using Doubles = hn::CappedTag<double, kDplrPoints>;
using V = hn::Vec<Doubles>;

struct Complex {
  V re, im;
};

// 1 / (s^2 + b s + m)
HWY_INLINE Complex resolvent(Complex s, V b, V m) {
  const V re = hn::Add(hn::MulAdd(hn::Add(s.re, b), s.re, m), hn::Neg(hn::Mul(s.im, s.im)));
  const V im = hn::Mul(s.im, hn::Add(hn::Add(s.re, s.re), b));
  const V inverse = hn::Div(hn::Set(Doubles(), 1.0), hn::MulAdd(re, re, hn::Mul(im, im)));
  return {hn::Mul(re, inverse), hn::Neg(hn::Mul(im, inverse))};
}

HWY_INLINE Complex times(Complex a, Complex b) {
  return {hn::MulSub(a.re, b.re, hn::Mul(a.im, b.im)), hn::MulAdd(a.re, b.im, hn::Mul(a.im, b.re))};
}

void dplr_sums(const DplrPoles& poles, const DplrAt& at, double* sums, double* slopes) {
  const Doubles d;
  for (int64_t j = 0; j < at.points; j += static_cast<int64_t>(hn::Lanes(d))) {
    const Complex s = {hn::LoadU(d, at.s + j), hn::LoadU(d, at.s + at.points + j)};
    Complex slope[kDplrSums], level[kDplrSums];
#pragma GCC unroll 4
    for (int64_t q = 0; q < kDplrSums; ++q) slope[q] = level[q] = {hn::Zero(d), hn::Zero(d)};
    for (int64_t p = 0; p < poles.count; ++p) {
      const Complex r = resolvent(s, hn::Set(d, poles.b[p]), hn::Set(d, poles.m[p]));
#pragma GCC unroll 4
      for (int64_t q = 0; q < kDplrSums; ++q) {
        const V x = hn::Set(d, poles.x[q * poles.count + p]), y = hn::Set(d, poles.y[q * poles.count + p]);
        slope[q] = {hn::MulAdd(x, r.re, slope[q].re), hn::MulAdd(x, r.im, slope[q].im)};
        level[q] = {hn::MulAdd(y, r.re, level[q].re), hn::MulAdd(y, r.im, level[q].im)};
      }
    }
#pragma GCC unroll 4
    for (int64_t q = 0; q < kDplrSums; ++q) {
      const Complex all = times(s, slope[q]);
      const int64_t re = 2 * q * at.points + j, im = re + at.points;
      hn::StoreU(hn::Sub(all.re, level[q].re), d, sums + re);
      hn::StoreU(hn::Sub(all.im, level[q].im), d, sums + im);
      hn::StoreU(slope[q].re, d, slopes + re);
      hn::StoreU(slope[q].im, d, slopes + im);
    }
  }
}

void dplr_sums_gradient(const DplrPoles& poles, const DplrAt& at, const double* g, const DplrGradient& to) {
  const Doubles d;
  const auto total = [&](V v) HWY_ATTR { return hn::GetLane(hn::SumOfLanes(d, v)); };
  for (int64_t p = 0; p < poles.count; ++p) {
    const V b = hn::Set(d, poles.b[p]), m = hn::Set(d, poles.m[p]);
    V dx[kDplrSums], dy[kDplrSums], db = hn::Zero(d), dm = hn::Zero(d);
#pragma GCC unroll 4
    for (int64_t q = 0; q < kDplrSums; ++q) dx[q] = dy[q] = hn::Zero(d);
    for (int64_t j = 0; j < at.points; j += static_cast<int64_t>(hn::Lanes(d))) {
      const Complex s = {hn::LoadU(d, at.s + j), hn::LoadU(d, at.s + at.points + j)};
      const Complex r = resolvent(s, b, m), sr = times(s, r);
      Complex by_slope = {hn::Zero(d), hn::Zero(d)}, by_level = by_slope;
#pragma GCC unroll 4
      for (int64_t q = 0; q < kDplrSums; ++q) {
        const V g_re = hn::LoadU(d, g + 2 * q * at.points + j), g_im = hn::LoadU(d, g + (2 * q + 1) * at.points + j);
        const V x = hn::Set(d, poles.x[q * poles.count + p]), y = hn::Set(d, poles.y[q * poles.count + p]);
        dx[q] = hn::MulAdd(g_re, sr.re, hn::MulAdd(g_im, sr.im, dx[q]));
        dy[q] = hn::NegMulAdd(g_re, r.re, hn::NegMulAdd(g_im, r.im, dy[q]));
        by_slope = {hn::MulAdd(x, g_re, by_slope.re), hn::MulAdd(x, g_im, by_slope.im)};
        by_level = {hn::MulAdd(y, g_re, by_level.re), hn::MulAdd(y, g_im, by_level.im)};
      }
      const Complex turned = times({s.re, hn::Neg(s.im)}, by_slope);
      const Complex of_r = {hn::Sub(turned.re, by_level.re), hn::Sub(turned.im, by_level.im)};
      const Complex square = times(r, r);
      const Complex den = times({hn::Neg(square.re), square.im}, of_r);  // -conj(r^2) of_r
      db = hn::MulAdd(den.re, s.re, hn::MulAdd(den.im, s.im, db));
      dm = hn::Add(dm, den.re);
      const Complex slope = {hn::Add(hn::Add(s.re, s.re), b), hn::Neg(hn::Add(s.im, s.im))};  // conj(2 s + b)
      const Complex of_s = times(slope, den);
      hn::StoreU(hn::Add(hn::LoadU(d, to.s + j), of_s.re), d, to.s + j);
      hn::StoreU(hn::Add(hn::LoadU(d, to.s + at.points + j), of_s.im), d, to.s + at.points + j);
    }
#pragma GCC unroll 4
    for (int64_t q = 0; q < kDplrSums; ++q) {
      to.x[q * poles.count + p] = total(dx[q]);
      to.y[q * poles.count + p] = total(dy[q]);
    }
    to.b[p] = total(db);
    to.m[p] = total(dm);
  }
}

}  // namespace mlrun::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mlrun::kernels {

HWY_EXPORT(dplr_sums);
HWY_EXPORT(dplr_sums_gradient);

void dplr_sums(const DplrPoles& poles, const DplrAt& at, double* sums, double* slopes) {
  HWY_DYNAMIC_DISPATCH(dplr_sums)(poles, at, sums, slopes);
}
void dplr_sums_gradient(const DplrPoles& poles, const DplrAt& at, const double* g, const DplrGradient& to) {
  HWY_DYNAMIC_DISPATCH(dplr_sums_gradient)(poles, at, g, to);
}

}  // namespace mlrun::kernels
#endif
