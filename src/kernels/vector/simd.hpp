// Loops over plain memory for the hand-written kernels. Included once per instruction set by Highway's foreach_target.
//
// A function given to these loops is a lambda marked HWY_ATTR: without it the compiler would build its body for the
// oldest CPU.
#if defined(MLRUN_KERNELS_SIMD_HPP) == defined(HWY_TARGET_TOGGLE)
#ifdef MLRUN_KERNELS_SIMD_HPP
#undef MLRUN_KERNELS_SIMD_HPP
#else
#define MLRUN_KERNELS_SIMD_HPP
#endif

#include <cstddef>
#include <cstdint>

#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace mlrun::kernels::HWY_NAMESPACE::simd {
namespace hn = hwy::HWY_NAMESPACE;

using Floats = hn::ScalableTag<float>;
using V = hn::Vec<Floats>;

HWY_INLINE int64_t lanes() { return static_cast<int64_t>(hn::Lanes(Floats())); }

// The first `count` (fewer than a vector) numbers at p, zeros behind them; reads nothing beyond.
HWY_INLINE V load_some(const float* p, int64_t count) {
  const Floats d;
#if HWY_MEM_OPS_MIGHT_FAULT
  HWY_ALIGN float buffer[HWY_MAX_BYTES / sizeof(float)] = {};
  for (int64_t i = 0; i < count; ++i) buffer[i] = p[i];
  return hn::Load(d, buffer);
#else
  return hn::MaskedLoad(hn::FirstN(d, static_cast<size_t>(count)), d, p);
#endif
}

HWY_INLINE void store_some(V v, float* p, int64_t count) {
  const Floats d;
#if HWY_MEM_OPS_MIGHT_FAULT
  HWY_ALIGN float buffer[HWY_MAX_BYTES / sizeof(float)];
  hn::Store(v, d, buffer);
  for (int64_t i = 0; i < count; ++i) p[i] = buffer[i];
#else
  hn::BlendedStore(v, hn::FirstN(d, static_cast<size_t>(count)), d, p);
#endif
}

// y[i] = f(x[i]). y may be x, here and below.
template <class F>
HWY_INLINE void map(const float* x, float* y, int64_t count, F f) {
  const Floats d;
  const int64_t step = lanes();
  int64_t i = 0;
  for (; i + step <= count; i += step) hn::StoreU(f(hn::LoadU(d, x + i)), d, y + i);
  if (i < count) store_some(f(load_some(x + i, count - i)), y + i, count - i);
}

// y[i] = f(a[i], b[i]).
template <class F>
HWY_INLINE void map(const float* a, const float* b, float* y, int64_t count, F f) {
  const Floats d;
  const int64_t step = lanes();
  int64_t i = 0;
  for (; i + step <= count; i += step) hn::StoreU(f(hn::LoadU(d, a + i), hn::LoadU(d, b + i)), d, y + i);
  if (i < count) store_some(f(load_some(a + i, count - i), load_some(b + i, count - i)), y + i, count - i);
}

// y[i] = f(a[i], b[i], c[i]).
template <class F>
HWY_INLINE void map(const float* a, const float* b, const float* c, float* y, int64_t count, F f) {
  const Floats d;
  const int64_t step = lanes();
  int64_t i = 0;
  for (; i + step <= count; i += step) {
    hn::StoreU(f(hn::LoadU(d, a + i), hn::LoadU(d, b + i), hn::LoadU(d, c + i)), d, y + i);
  }
  if (const int64_t rest = count - i; rest > 0) {
    store_some(f(load_some(a + i, rest), load_some(b + i, rest), load_some(c + i, rest)), y + i, rest);
  }
}

// The sum of f(i, rest) over blocks of a row; f gives the vector at i, with zeros from `rest` lanes on when it is the
// last block. Partial sums of at most 64 numbers per lane are added up in double, so the error does not grow with
// count.
template <class F>
HWY_INLINE double sum_of(int64_t count, F f) {
  const Floats d;
  const int64_t step = lanes();
  double total = 0;
  int64_t i = 0;
  while (i + step <= count) {
    V s0 = hn::Zero(d), s1 = hn::Zero(d);
    int64_t n = 0;
    for (; n < 32 && i + 2 * step <= count; ++n, i += 2 * step) {
      s0 = hn::Add(s0, f(i, step));
      s1 = hn::Add(s1, f(i + step, step));
    }
    if (n < 32 && i + step <= count) {
      s0 = hn::Add(s0, f(i, step));
      i += step;
    }
    total += static_cast<double>(hn::GetLane(hn::SumOfLanes(d, hn::Add(s0, s1))));
  }
  if (i < count) total += static_cast<double>(hn::GetLane(hn::SumOfLanes(d, f(i, count - i))));
  return total;
}

HWY_INLINE V load(const float* p, int64_t count) {
  return count == lanes() ? hn::LoadU(Floats(), p) : load_some(p, count);
}

// The first `count` numbers of v, at most a vector.
HWY_INLINE void store(V v, float* p, int64_t count) {
  if (count >= lanes()) hn::StoreU(v, Floats(), p);
  else store_some(v, p, count);
}

// f(k, valid) for the vectors of `count` numbers.
template <class F>
HWY_INLINE void each_vector(int64_t count, F f) {
  const int64_t n = lanes();
  int64_t k = 0;
  for (; k + n <= count; k += n) f(k, n);
  if (k < count) f(k, count - k);
}

HWY_INLINE double sum(const float* x, int64_t count) {
  return sum_of(count, [x](int64_t i, int64_t n) HWY_ATTR { return load(x + i, n); });
}

HWY_INLINE double dot(const float* x, const float* y, int64_t count) {
  return sum_of(count, [x, y](int64_t i, int64_t n) HWY_ATTR { return hn::Mul(load(x + i, n), load(y + i, n)); });
}

// The greatest of count > 0 numbers; NaN if one is NaN.
HWY_INLINE float max(const float* x, int64_t count) {
  const Floats d;
  const int64_t step = lanes();
  if (count < step) {
    float m = x[0];
    for (int64_t i = 1; i < count; ++i) m = x[i] > m || x[i] != x[i] ? x[i] : m;
    return m;
  }
  V m = hn::LoadU(d, x), bad = hn::Mul(m, hn::Zero(d));  // 0, or NaN where a number is not finite
  // The last vector overlaps the one before it.
  for (int64_t i = step; i < count; i += step) {
    const V v = hn::LoadU(d, x + (i + step <= count ? i : count - step));
    bad = hn::MulAdd(v, hn::Zero(d), bad);
    m = hn::Max(m, v);
  }
  const float greatest = hn::GetLane(hn::MaxOfLanes(d, m));
  if (hn::GetLane(hn::SumOfLanes(d, bad)) == 0.0f) return greatest;
  float slow = x[0];
  for (int64_t i = 1; i < count; ++i) slow = x[i] > slow || x[i] != x[i] ? x[i] : slow;
  return slow;
}

}  // namespace mlrun::kernels::HWY_NAMESPACE::simd
HWY_AFTER_NAMESPACE();
#endif  // the toggle
