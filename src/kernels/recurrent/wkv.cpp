#include "kernels/recurrent/wkv.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/recurrent/wkv.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
//
#include "kernels/vector/simd.hpp"
#include "kernels/vector/vector_math.hpp"

HWY_BEFORE_NAMESPACE();
namespace mlrun::kernels::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
using simd::Floats;
using simd::V;

constexpr float kNothing = -1e30f;  // the exponent of an empty sum

HWY_INLINE V exp_of(V x) { return vmath::exp(Floats(), x); }

// The sums over the positions so far: numerator e^p a, denominator e^p b.
struct Sums {
  V a, b, p;
};
HWY_INLINE Sums empty() {
  const Floats d;
  return {hn::Zero(d), hn::Zero(d), hn::Set(d, kNothing)};
}

// What a position's own term has in its result.
struct Answer {
  V y;
  V own;  // its weight
  V log;  // log of the denominator
};
// With `logarithm` only if it is asked for.
template <bool logarithm>
HWY_INLINE Answer answer(const Sums& sums, V k, V v, V u) {
  const V own = hn::Add(u, k), top = hn::Max(sums.p, own);
  const V before = exp_of(hn::Sub(sums.p, top)), here = exp_of(hn::Sub(own, top));
  const V over = hn::Div(hn::Set(Floats(), 1.0f), hn::MulAdd(before, sums.b, here));
  Answer result;
  result.own = hn::Mul(here, over);
  result.y = hn::MulAdd(hn::Mul(before, over), sums.a, hn::Mul(result.own, v));
  if constexpr (logarithm) result.log = hn::Sub(top, vmath::log(Floats(), over));
  else result.log = top;
  return result;
}
HWY_INLINE Sums after(const Sums& sums, V k, V v, V w) {
  const V decayed = hn::Sub(sums.p, w), top = hn::Max(decayed, k);
  const V before = exp_of(hn::Sub(decayed, top)), here = exp_of(hn::Sub(k, top));
  return {hn::MulAdd(before, sums.a, hn::Mul(here, v)), hn::MulAdd(before, sums.b, here), top};
}

void forward(const WkvShape& shape, const float* k, const float* v, const float* w, const float* u, float* y) {
  simd::each_vector(shape.channels, [&](int64_t c, int64_t valid) HWY_ATTR {
    const V decay = simd::load(w + c, valid), bonus = simd::load(u + c, valid);
    Sums sums = empty();
    for (int64_t t = 0; t < shape.length; ++t) {
      const int64_t at = t * shape.channels + c;
      const V key = simd::load(k + at, valid), value = simd::load(v + at, valid);
      simd::store(answer<false>(sums, key, value, bonus).y, y + at, valid);
      sums = after(sums, key, value, decay);
    }
  });
}

// The sums before each position and the logarithm of its denominator: [length, 4, a vector].
void keep(const WkvShape& shape, const float* k, const float* v, V w, V u, int64_t c, int64_t valid, float* kept) {
  const Floats d;
  const int64_t n = simd::lanes();
  Sums sums = empty();
  for (int64_t t = 0; t < shape.length; ++t, kept += 4 * n) {
    const int64_t at = t * shape.channels + c;
    const V key = simd::load(k + at, valid), value = simd::load(v + at, valid);
    hn::StoreU(sums.a, d, kept);
    hn::StoreU(sums.b, d, kept + n);
    hn::StoreU(sums.p, d, kept + 2 * n);
    hn::StoreU(answer<true>(sums, key, value, u).log, d, kept + 3 * n);
    sums = after(sums, key, value, w);
  }
}

// Of one sequence. Backward the sums are of what later positions want: of e^m dy / denominator, and of that times y.
void backward(const WkvShape& shape, const float* k, const float* v, const float* w, const float* u, const float* y,
              const float* dy, float* kept, const WkvGradient& to) {
  const Floats d;
  const int64_t n = simd::lanes();
  simd::each_vector(shape.channels, [&](int64_t c, int64_t valid) HWY_ATTR {
    const V decay = simd::load(w + c, valid), bonus = simd::load(u + c, valid);
    keep(shape, k, v, decay, bonus, c, valid, kept);
    V wanted = hn::Zero(d), wanted_y = hn::Zero(d), m = hn::Set(d, kNothing);
    V d_decay = hn::Zero(d), d_bonus = hn::Zero(d);
    for (int64_t t = shape.length - 1; t >= 0; --t) {
      const int64_t at = t * shape.channels + c;
      const float* row = kept + t * 4 * n;
      const V key = simd::load(k + at, valid), value = simd::load(v + at, valid), result = simd::load(y + at, valid),
              gradient = simd::load(dy + at, valid);
      const V log = hn::LoadU(d, row + 3 * n);
      // What later positions take from this one, and from the sums before it.
      const V taken = exp_of(hn::Add(key, m));
      V dv = hn::Mul(taken, wanted);
      V dk = hn::Mul(taken, hn::MulSub(wanted, value, wanted_y));
      const V passed = exp_of(hn::Add(hn::Sub(hn::LoadU(d, row + 2 * n), decay), m));
      const V state = hn::MulSub(wanted, hn::LoadU(d, row), hn::Mul(wanted_y, hn::LoadU(d, row + n)));
      d_decay = hn::NegMulAdd(passed, state, d_decay);
      // What it takes from itself.
      const V own = exp_of(hn::Sub(hn::Add(bonus, key), log)), given = hn::Mul(own, gradient);
      const V change = hn::Mul(given, hn::Sub(value, result));
      d_bonus = hn::Add(d_bonus, change);
      simd::store(hn::Add(dk, change), to.k + at, valid);
      simd::store(hn::Add(dv, given), to.v + at, valid);
      // And what it wants of those before it.
      const V decayed = hn::Sub(m, decay), top = hn::Max(decayed, hn::Neg(log));
      const V later = exp_of(hn::Sub(decayed, top)), here = hn::Mul(exp_of(hn::Sub(hn::Neg(log), top)), gradient);
      wanted = hn::MulAdd(later, wanted, here);
      wanted_y = hn::MulAdd(later, wanted_y, hn::Mul(here, result));
      m = top;
    }
    simd::store(hn::Add(simd::load(to.w + c, valid), d_decay), to.w + c, valid);
    simd::store(hn::Add(simd::load(to.u + c, valid), d_bonus), to.u + c, valid);
  });
}

void step(int64_t channels, const float* k, const float* v, const float* w, const float* u, float* state, float* y) {
  simd::each_vector(channels, [&](int64_t c, int64_t valid) HWY_ATTR {
    float *a = state + c, *b = state + channels + c, *p = state + 2 * channels + c;
    const Sums sums = {simd::load(a, valid), simd::load(b, valid), simd::load(p, valid)};
    const V key = simd::load(k + c, valid), value = simd::load(v + c, valid);
    const V result = answer<false>(sums, key, value, simd::load(u + c, valid)).y;
    const Sums next = after(sums, key, value, simd::load(w + c, valid));
    simd::store(next.a, a, valid);
    simd::store(next.b, b, valid);
    simd::store(next.p, p, valid);
    simd::store(result, y + c, valid);
  });
}

int64_t vector_size() { return simd::lanes(); }

}  // namespace
}  // namespace mlrun::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include <algorithm>

#include "kernels/profile.hpp"
#include "tensor/tensor.hpp"

namespace mlrun::kernels {

HWY_EXPORT(forward);
HWY_EXPORT(backward);
HWY_EXPORT(step);
HWY_EXPORT(vector_size);

void wkv(const WkvShape& shape, const float* k, const float* v, const float* w, const float* u, float* y) {
  const int64_t each = shape.length * shape.channels;
  const profile::Scope scope("wkv", "own", 0, static_cast<double>(12 * shape.sequences * each));
  for (int64_t i = 0; i < shape.sequences; ++i)
    HWY_DYNAMIC_DISPATCH(forward)(shape, k + i * each, v + i * each, w, u, y + i * each);
}

void wkv_gradient(const WkvShape& shape, const float* k, const float* v, const float* w, const float* u, const float* y,
                  const float* dy, const WkvGradient& to) {
  const int64_t each = shape.length * shape.channels;
  const profile::Scope scope("wkv gradient", "own", 0, static_cast<double>(24 * shape.sequences * each));
  Tensor kept({shape.length, 4, HWY_DYNAMIC_DISPATCH(vector_size)()});
  for (int64_t i = 0; i < shape.sequences; ++i) {
    HWY_DYNAMIC_DISPATCH(backward)
    (shape, k + i * each, v + i * each, w, u, y + i * each, dy + i * each, kept.data<float>(),
     {to.k + i * each, to.v + i * each, to.w, to.u});
  }
}

void wkv_begin(int64_t channels, float* state) {
  std::fill_n(state, 2 * channels, 0.0f);
  std::fill_n(state + 2 * channels, channels, -1e30f);
}

void wkv_step(int64_t channels, const float* k, const float* v, const float* w, const float* u, float* state,
              float* y) {
  HWY_DYNAMIC_DISPATCH(step)(channels, k, v, w, u, state, y);
}

}  // namespace mlrun::kernels
#endif
