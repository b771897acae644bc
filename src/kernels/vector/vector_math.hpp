// exp, log, sigmoid, tanh and softplus on vectors of float, for the hand-written kernels.
//
// Included once per instruction set by Highway's foreach_target (hence the unusual include guard); call the functions
// as `vmath::exp(d, x)` inside HWY_NAMESPACE. Errors are relative, measured over all of the stated range in
// tests/kernels/vector/vector_math.cpp. Results below the smallest normal number become 0; NaN goes through as NaN.
// Polynomials are minimax fits, in the manner of Cephes (Moshier 1989).
#if defined(MLRUN_KERNELS_VECTOR_MATH_HPP) == defined(HWY_TARGET_TOGGLE)
#ifdef MLRUN_KERNELS_VECTOR_MATH_HPP
#undef MLRUN_KERNELS_VECTOR_MATH_HPP
#else
#define MLRUN_KERNELS_VECTOR_MATH_HPP
#endif

#include <limits>

#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace mlrun::kernels::HWY_NAMESPACE::vmath {
namespace hn = hwy::HWY_NAMESPACE;

inline constexpr float kLog2E = 1.44269504088896341f;
// Added to a float in +-2^22 it rounds to an integer n, and the low 9 bits of the sum hold n + 127: shifted left by 23
// they are the float 2^n.
inline constexpr float kRoundAndBias = 12582912.0f + 127.0f;

// 2^f for f in [-0.5, 0.5], error 1e-7.
template <class D, class V>
HWY_INLINE V exp2_fraction(D d, V f) {
  V p = hn::Set(d, 1.3264714507386088e-3f);
  p = hn::MulAdd(p, f, hn::Set(d, 9.6715129911899567e-3f));
  p = hn::MulAdd(p, f, hn::Set(d, 5.5507339537143707e-2f));
  p = hn::MulAdd(p, f, hn::Set(d, 2.4022242426872253e-1f));
  p = hn::MulAdd(p, f, hn::Set(d, 6.9314700365066528e-1f));
  return hn::MulAdd(p, f, hn::Set(d, 1.0f));
}

// x brought into [low, high]; NaN stays NaN.
template <class D, class V>
HWY_INLINE V bounded(D d, V x, float low, float high) {
#if HWY_TARGET == HWY_SCALAR || HWY_TARGET == HWY_EMU128
  x = hn::IfThenElse(hn::Lt(x, hn::Set(d, low)), hn::Set(d, low), x);
  return hn::IfThenElse(hn::Gt(x, hn::Set(d, high)), hn::Set(d, high), x);
#else
  return hn::Max(hn::Set(d, low), hn::Min(hn::Set(d, high), x));  // the second operand wins on x86 if one is NaN
#endif
}

// The float 2^n, where t is n + kRoundAndBias.
template <class D, class V>
HWY_INLINE V exp2_integer(D d, V t) {
  const hn::RebindToUnsigned<D> du;
  return hn::BitCast(d, hn::ShiftLeft<23>(hn::BitCast(du, t)));
}

// e^x for every x: infinity above 88.72, 0 below -87.33. Error 2e-7.
template <class D, class V>
HWY_INLINE V exp(D d, V x) {
  const hn::RebindToUnsigned<D> du;
  const V round = hn::Set(d, 12582912.0f);
  const V t = hn::MulAdd(x, hn::Set(d, kLog2E), round);
  const V n = hn::Sub(t, round);
  // r = x - n ln 2, with ln 2 in two parts, so that large x lose nothing.
  V r = hn::NegMulAdd(n, hn::Set(d, 0.693145751953125f), x);
  r = hn::NegMulAdd(n, hn::Set(d, 1.42860682030941723e-6f), r);
  V p = hn::Set(d, 1.3945752289146185e-3f);
  p = hn::MulAdd(p, r, hn::Set(d, 8.3694187924265860e-3f));
  p = hn::MulAdd(p, r, hn::Set(d, 4.1668456047773360e-2f));
  p = hn::MulAdd(p, r, hn::Set(d, 1.6666515171527863e-1f));
  p = hn::MulAdd(p, r, hn::Set(d, 4.9999994039535522e-1f));
  p = hn::MulAdd(hn::Mul(r, r), p, hn::Add(r, hn::Set(d, 1.0f)));
  // Adding n to the exponent reaches e^88.7, which multiplying by 2^128, no float, would not.
  const V y = hn::BitCast(d, hn::Add(hn::BitCast(du, p), hn::ShiftLeft<23>(hn::BitCast(du, t))));
  const V above = hn::Mul(x, hn::Set(d, std::numeric_limits<float>::infinity()));  // infinity, or NaN
  const V upto = hn::IfThenElse(hn::Le(x, hn::Set(d, 88.722835f)), y, above);
  return hn::IfThenZeroElse(hn::Lt(x, hn::Set(d, -87.3365f)), upto);
}

// e^x for x in [-87, most] with most <= 87, half the price of exp; anything beyond counts as the bound. Error 1e-6.
template <class D, class V>
HWY_INLINE V exp_upto(D d, V x, float most) {
  const V bias = hn::Set(d, kRoundAndBias), scale = hn::Set(d, kLog2E);
  const V b = bounded(d, x, -87.0f, most);
  const V t = hn::MulAdd(b, scale, bias);
  const V f = hn::MulSub(b, scale, hn::Sub(t, bias));
  return hn::Mul(exp2_fraction(d, f), exp2_integer(d, t));
}

// e^x for x in [-87, 0]; anything below -87 counts as -87 (1.6e-38). Error 1e-6.
template <class D, class V>
HWY_INLINE V exp_nonpositive(D d, V x) {
  return exp_upto(d, x, 0.0f);
}

// 1 / (1 + e^-x). Error 1e-6 for negative x as far as -87, where it stays; 1e-7 for positive x.
template <class D, class V>
HWY_INLINE V sigmoid(D d, V x) {
  const V bias = hn::Set(d, kRoundAndBias), scale = hn::Set(d, -kLog2E), one = hn::Set(d, 1.0f);
  const V b = bounded(d, x, -87.0f, 87.0f);
  const V t = hn::MulAdd(b, scale, bias);
  const V f = hn::MulSub(b, scale, hn::Sub(t, bias));
  return hn::Div(one, hn::MulAdd(exp2_fraction(d, f), exp2_integer(d, t), one));
}

// Error 5e-7. Rational approximation of degree 13/6 (the coefficients are those of Eigen's ptanh).
template <class D, class V>
HWY_INLINE V tanh(D d, V x) {
  const V b = bounded(d, x, -7.9053111f, 7.9053111f);
  const V s = hn::Mul(b, b);
  V p = hn::Set(d, -2.76076847742355e-16f);
  p = hn::MulAdd(p, s, hn::Set(d, 2.00018790482477e-13f));
  p = hn::MulAdd(p, s, hn::Set(d, -8.60467152213735e-11f));
  p = hn::MulAdd(p, s, hn::Set(d, 5.12229709037114e-08f));
  p = hn::MulAdd(p, s, hn::Set(d, 1.48572235717979e-05f));
  p = hn::MulAdd(p, s, hn::Set(d, 6.37261928875436e-04f));
  p = hn::MulAdd(p, s, hn::Set(d, 4.89352455891786e-03f));
  V q = hn::Set(d, 1.19825839466702e-06f);
  q = hn::MulAdd(q, s, hn::Set(d, 1.18534705686654e-04f));
  q = hn::MulAdd(q, s, hn::Set(d, 2.26843463243900e-03f));
  q = hn::MulAdd(q, s, hn::Set(d, 4.89352518554385e-03f));
  const V y = hn::Div(hn::Mul(b, p), q);
  return hn::IfThenElse(hn::Lt(hn::Abs(x), hn::Set(d, 4e-4f)), x, y);
}

// Natural logarithm: -infinity at 0 (and at denormals, which count as 0), NaN below. Error 2e-7, absolute below 1e-7
// near x = 1.
template <class D, class V>
HWY_INLINE V log(D d, V x) {
  const hn::RebindToUnsigned<D> du;
  const hn::RebindToSigned<D> di;
  const auto sqrt_half = hn::Set(du, 0x3F3504F3u);
  const auto shifted = hn::Add(hn::BitCast(du, x), hn::Sub(hn::Set(du, 0x3F800000u), sqrt_half));
  const V e = hn::ConvertTo(d, hn::Sub(hn::BitCast(di, hn::ShiftRight<23>(shifted)), hn::Set(di, 127)));
  // m in [sqrt(1/2), sqrt(2)), and log m = 2 atanh((m - 1) / (m + 1)).
  const V m = hn::BitCast(d, hn::Add(hn::And(shifted, hn::Set(du, 0x7FFFFFu)), sqrt_half));
  const V one = hn::Set(d, 1.0f);
  const V z = hn::Div(hn::Sub(m, one), hn::Add(m, one));
  const V s = hn::Mul(z, z);
  V p = hn::Set(d, 2.9873695969581604e-1f);
  p = hn::MulAdd(p, s, hn::Set(d, 3.9977473020553589e-1f));
  p = hn::MulAdd(p, s, hn::Set(d, 6.6666775941848755e-1f));
  const V tail = hn::MulAdd(hn::Mul(z, s), p, hn::Mul(e, hn::Set(d, 1.42860682030941723e-6f)));
  const V y = hn::MulAdd(e, hn::Set(d, 0.693145751953125f), hn::Add(hn::Add(z, z), tail));
  const V infinity = hn::Set(d, std::numeric_limits<float>::infinity());
  const V finite = hn::IfThenElse(hn::Lt(x, infinity), y, hn::Add(x, infinity));  // infinity, or NaN
  const V least = hn::Set(d, std::numeric_limits<float>::min());
  const V nan = hn::Set(d, std::numeric_limits<float>::quiet_NaN());
  const V below = hn::IfThenElse(hn::Lt(x, hn::Zero(d)), nan, hn::Neg(infinity));
  return hn::IfThenElse(hn::Lt(x, least), below, finite);
}

// log(1 + u) for u in [0, 1], exact where log(1 + u) is nearly u. Error 2e-7.
template <class D, class V>
HWY_INLINE V log1p_fraction(D d, V u) {
  const V z = hn::Div(u, hn::Add(u, hn::Set(d, 2.0f)));
  const V s = hn::Mul(z, z);
  V p = hn::Set(d, 2.4300929903984070e-1f);
  p = hn::MulAdd(p, s, hn::Set(d, 2.1427659690380096e-1f));
  p = hn::MulAdd(p, s, hn::Set(d, 2.8616884350776672e-1f));
  p = hn::MulAdd(p, s, hn::Set(d, 3.9998877048492432e-1f));
  p = hn::MulAdd(p, s, hn::Set(d, 6.6666674613952637e-1f));
  return hn::MulAdd(hn::Mul(z, s), p, hn::Add(z, z));
}

// log(1 + e^x) = max(x, 0) + log(1 + e^-|x|). Error 1e-6.
template <class D, class V>
HWY_INLINE V softplus(D d, V x) {
  const V high = bounded(d, x, 0.0f, std::numeric_limits<float>::infinity());
  return hn::Add(high, log1p_fraction(d, exp_nonpositive(d, hn::Neg(hn::Abs(x)))));
}

}  // namespace mlrun::kernels::HWY_NAMESPACE::vmath
HWY_AFTER_NAMESPACE();
#endif  // the toggle
