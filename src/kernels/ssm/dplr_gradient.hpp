// From the gradients of the tables of one channel of a diagonal plus low-rank state space to those of its parts.
// Included once per instruction set by Highway's foreach_target (hence the unusual include guard).
#if defined(MLRUN_KERNELS_DPLR_GRADIENT_HPP) == defined(HWY_TARGET_TOGGLE)
#ifdef MLRUN_KERNELS_DPLR_GRADIENT_HPP
#undef MLRUN_KERNELS_DPLR_GRADIENT_HPP
#else
#define MLRUN_KERNELS_DPLR_GRADIENT_HPP
#endif

#include <algorithm>

#include "hwy/highway.h"
#include "kernels/ssm/dplr_tables.hpp"

HWY_BEFORE_NAMESPACE();
namespace mlrun::kernels::HWY_NAMESPACE::ssm {
namespace hn = hwy::HWY_NAMESPACE;

HWY_INLINE void add_row(PoleRow& to, const float* row, int64_t count) {
  for (int64_t p = 0; p < count; p += double_lanes()) add_to(to, p, row_at(row, count, p));
}
HWY_INLINE void add_row(PoleRow& to, double a, const PoleRow& x, int64_t count) {
  for (int64_t p = 0; p < count; p += double_lanes()) add_to(to, p, times(a, x.at(p)));
}

// Back through x' = D x + along (read . x), or with the transpose of D: from the gradient of x' to that of x, in place,
// and to those of D (of its complex numbers a), of `along` and of `read`.
template <bool turned>
HWY_INLINE void retreat(PoleRow& gradient, const float* x, const PoleRow& a, const PoleRow& along, const PoleRow& read,
                        int64_t count, PoleRow& by_a, PoleRow& by_along, PoleRow& by_read) {
  W size = hn::Zero(Doubles()), back = size;
  for (int64_t p = 0; p < count; p += double_lanes()) {
    size = hn::Add(size, paired(read.at(p), row_at(x, count, p)));
    back = hn::Add(back, paired(along.at(p), gradient.at(p)));
  }
  const W of_along = hn::Set(Doubles(), total(size)), of_read = hn::Set(Doubles(), total(back));
  for (int64_t p = 0; p < count; p += double_lanes()) {
    const Complex g = gradient.at(p), from = row_at(x, count, p), z = a.at(p);
    add_to(by_a, p, turned ? multiply(conjugate(g), from) : multiply(g, conjugate(from)));
    add_to(by_along, p, scale(of_along, g));
    add_to(by_read, p, scale(of_read, from));
    gradient.set(p, add(multiply(turned ? z : conjugate(z), g), scale(of_read, read.at(p))));
  }
}

class DplrTableGradient {
 public:
  explicit DplrTableGradient(int64_t poles)
      : poles_(poles),
        state_(2 * poles),
        input_({kLong, state_}),
        w_(input_.shape()),
        v_(input_.shape()),
        out_(input_.shape()),
        inside_({kLong, kLong}),
        far_({state_}) {}

  // u and dy are chunks, s and z, t and r what `states` and `states_back` made of them. Returns the gradients of the
  // parts; `feedthrough` is that of d.
  HWY_INLINE DplrParts take(const DplrParts& parts, const DplrTables& tables, const DplrRows& rows, const float* u,
                            const float* dy, const float* s, const float* z, const float* t, const float* r,
                            float& feedthrough) {
    const float* behind = t + state_;
    const int64_t pairs = rows.all() - 1, last = (kLong - 1) * state_;
    tile::product({{dy, 1, kLong, s, state_, rows.all()}}, kLong, state_, {out_.data<float>(), state_, false});
    tile::product({{u, 1, kLong, behind, state_, pairs}}, kLong, state_, {input_.data<float>() + last, -state_, false});
    tile::product({{z, 1, kLong, behind, state_, pairs}}, kLong, state_, {w_.data<float>() + last, -state_, false});
    tile::product({{r, 1, kLong, s, state_, rows.all()}}, kLong, state_, {v_.data<float>(), state_, false});
    float by_kernel[kLong] = {};
    sum_inside(u, dy, rows.all(), by_kernel);
    feedthrough = by_kernel[0];
    DplrParts by(poles_);
    far(parts, s, behind, pairs, by.a);
    walk(parts, tables, by_kernel, by);
    return by;
  }

 private:
  // Only pairs of a position with itself or a later one count: a quarter is left out.
  HWY_INLINE void sum_inside(const float* u, const float* dy, int64_t rows, float* by_kernel) {
    constexpr int64_t kHalf = kLong / 2;
    float* inside = inside_.data<float>();
    tile::product({{u, 1, kLong, dy, kLong, rows}}, kHalf, kLong, {inside, kLong, false});
    tile::product({{u + kHalf, 1, kLong, dy + kHalf, kLong, rows}}, kHalf, kHalf,
                  {inside + kHalf * kLong + kHalf, kLong, false});
    for (int64_t i = 0; i < kLong; ++i) {
      const float* row = inside + i * kLong + i;
      for (int64_t l = 0; l < kLong - i; ++l) by_kernel[l] += row[l];
    }
  }

  // By way of D^L, which takes the state before a chunk to that behind it.
  HWY_INLINE void far(const DplrParts& parts, const float* s, const float* behind, int64_t pairs, PoleRow& by_a) {
    const simd::Floats d;
    float* sums = far_.data<float>();
    for (int64_t p = 0; p < poles_; p += simd::lanes()) {
      simd::V re = hn::Zero(d), im = re;
      for (int64_t i = 0; i < pairs; ++i) {
        const float *x = s + i * state_ + p, *y = behind + i * state_ + p;
        const simd::V a = hn::LoadU(d, x), b = hn::LoadU(d, x + poles_);
        const simd::V e = hn::LoadU(d, y), f = hn::LoadU(d, y + poles_);
        re = hn::MulAdd(b, f, hn::MulAdd(a, e, re));
        im = hn::NegMulAdd(b, e, hn::MulAdd(a, f, im));
      }
      hn::StoreU(re, d, sums + p);
      hn::StoreU(im, d, sums + poles_ + p);
    }
    for (int64_t p = 0; p < poles_; p += double_lanes()) {
      Complex power = constant(static_cast<double>(kLong));
      for (int64_t i = 1; i < kLong; ++i) power = multiply(power, parts.a.at(p));
      add_to(by_a, p, multiply(conjugate(power), row_at(sums, poles_, p)));
    }
  }

  // Back through the steps that made the rows of the tables.
  HWY_INLINE void walk(const DplrParts& parts, const DplrTables& tables, const float* by_kernel, DplrParts& by) {
    PoleRow input(poles_), w(poles_), v(poles_), out(poles_);
    for (int64_t i = kLong - 1; i >= 0; --i) {
      add_row(input, input_.data<float>() + i * state_, poles_);
      add_row(w, w_.data<float>() + i * state_, poles_);
      add_row(v, v_.data<float>() + i * state_, poles_);
      add_row(out, out_.data<float>() + i * state_, poles_);
      if (i + 1 < kLong) add_row(out, static_cast<double>(by_kernel[i + 1]), parts.input, poles_);
      const W of_input = hn::Set(Doubles(), static_cast<double>(by_kernel[i]));
      for (int64_t p = 0; p < poles_; p += double_lanes())
        add_to(by.input, p, scale(of_input, row_at(tables.out(i), poles_, p)));
      retreat<true>(out, tables.out(i), parts.a, parts.q, parts.w, poles_, by.a, by.q, by.w);
      if (i == 0) break;
      retreat<false>(input, tables.input(i - 1), parts.a, parts.w, parts.q, poles_, by.a, by.w, by.q);
      retreat<false>(w, tables.w(i - 1), parts.a, parts.w, parts.q, poles_, by.a, by.w, by.q);
      for (int64_t p = 0; p < poles_; p += double_lanes()) {
        const Complex g = v.at(p);
        add_to(by.a, p, multiply(conjugate(g), row_at(tables.v(i - 1), poles_, p)));
        v.set(p, multiply(parts.a.at(p), g));
      }
    }
    add_row(out, static_cast<double>(by_kernel[0]), parts.input, poles_);
    for (int64_t p = 0; p < poles_; p += double_lanes()) {
      add_to(by.input, p, input.at(p));
      add_to(by.w, p, w.at(p));
      add_to(by.q, p, v.at(p));
      add_to(by.out, p, out.at(p));
    }
  }

  int64_t poles_, state_;
  Tensor input_, w_, v_, out_;  // [L, state], row by row those of the tables
  Tensor inside_;               // [L, L]: u_i dy_j
  Tensor far_;                  // [state]: t conj(s), over chunks
};

}  // namespace mlrun::kernels::HWY_NAMESPACE::ssm
HWY_AFTER_NAMESPACE();
#endif  // the toggle
