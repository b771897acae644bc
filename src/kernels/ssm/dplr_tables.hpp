// What the chunks of one channel of a diagonal plus low-rank state space are multiplied by. Included once per
// instruction set by Highway's foreach_target (hence the unusual include guard).
#if defined(MLRUN_KERNELS_DPLR_TABLES_HPP) == defined(HWY_TARGET_TOGGLE)
#ifdef MLRUN_KERNELS_DPLR_TABLES_HPP
#undef MLRUN_KERNELS_DPLR_TABLES_HPP
#else
#define MLRUN_KERNELS_DPLR_TABLES_HPP
#endif

#include <algorithm>

#include "hwy/highway.h"
#include "kernels/product/tile_product.hpp"
#include "kernels/ssm/dplr_system.hpp"
#include "kernels/vector/simd.hpp"
#include "kernels/vector/tile_transpose.hpp"
#include "tensor/tensor.hpp"

HWY_BEFORE_NAMESPACE();
namespace mlrun::kernels::HWY_NAMESPACE::ssm {
namespace hn = hwy::HWY_NAMESPACE;

constexpr int64_t kLong = kDplrChunk;

// A row of a table: the real parts of all poles, then the imaginary parts.
HWY_INLINE void put_row(const PoleRow& x, int64_t count, float* row) {
  const hn::Rebind<float, Doubles> d;
  for (int64_t p = 0; p < count; p += double_lanes()) {
    const Complex v = x.at(p);
    hn::StoreU(hn::DemoteTo(d, v.re), d, row + p);
    hn::StoreU(hn::DemoteTo(d, v.im), d, row + count + p);
  }
}
HWY_INLINE Complex row_at(const float* row, int64_t count, int64_t p) {
  const Doubles dd;
  const hn::Rebind<float, Doubles> d;
  return {hn::PromoteTo(dd, hn::LoadU(d, row + p)), hn::PromoteTo(dd, hn::LoadU(d, row + count + p))};
}

HWY_INLINE double dot(const PoleRow& a, const PoleRow& b, int64_t count) {
  W sum = hn::Zero(Doubles());
  for (int64_t p = 0; p < count; p += double_lanes()) sum = hn::Add(sum, paired(a.at(p), b.at(p)));
  return total(sum);
}

// x = Abar x, or its transpose with w and q exchanged.
template <bool turned>
HWY_INLINE void advance(PoleRow& x, const PoleRow& a, const PoleRow& along, const PoleRow& read, int64_t count) {
  const double size = dot(read, x, count);
  for (int64_t p = 0; p < count; p += double_lanes()) {
    const Complex z = turned ? conjugate(a.at(p)) : a.at(p);
    x.set(p, add(multiply(z, x.at(p)), times(size, along.at(p))));
  }
}

// Rows of states (2 P numbers) and of chunks (L numbers), one for each chunk and one that is empty behind each sequence:
// a state that the last chunk would leave is no one's.
struct DplrRows {
  int64_t sequences, chunks;
  int64_t each() const { return chunks + 1; }
  int64_t all() const { return sequences * each(); }
};

class DplrTables {
 public:
  explicit DplrTables(int64_t poles)
      : poles_(poles),
        state_(2 * poles),
        input_({kLong, state_}),
        w_({kLong, state_}),
        v_({kLong, state_}),
        out_({kLong + 1, state_}),
        input_turned_({state_, kLong}),
        w_turned_({state_, kLong}),
        v_turned_({state_, kLong}),
        out_turned_({state_, kLong}),
        far_({state_}),
        kernel_(Tensor::zeros({2 * kLong})),
        reversed_(Tensor::zeros({2 * kLong})) {}

  int64_t state() const { return state_; }
  // Row i: Abar^i times the input, and w; (D^i)^T q; (Abar^i)^T times what is read out.
  const float* input(int64_t i) const { return input_.data<float>() + i * state_; }
  const float* w(int64_t i) const { return w_.data<float>() + i * state_; }
  const float* v(int64_t i) const { return v_.data<float>() + i * state_; }
  const float* out(int64_t i) const { return out_.data<float>() + i * state_; }

  HWY_INLINE void make(const DplrParts& parts, float feedthrough) {
    PoleRow input = parts.input, w = parts.w, v = parts.q, out = parts.out, far(poles_);
    for (int64_t p = 0; p < poles_; p += double_lanes()) far.set(p, constant(1));
    float* kernel = kernel_.data<float>() + kLong;
    kernel[0] = static_cast<float>(dot(out, parts.input, poles_) + static_cast<double>(feedthrough));
    put_row(out, poles_, out_.data<float>());
    for (int64_t i = 0; i < kLong; ++i) {
      put_row(input, poles_, input_.data<float>() + i * state_);
      put_row(w, poles_, w_.data<float>() + i * state_);
      put_row(v, poles_, v_.data<float>() + i * state_);
      advance<false>(input, parts.a, parts.w, parts.q, poles_);
      advance<false>(w, parts.a, parts.w, parts.q, poles_);
      advance<true>(out, parts.a, parts.q, parts.w, poles_);
      for (int64_t p = 0; p < poles_; p += double_lanes()) {
        const Complex a = parts.a.at(p);
        v.set(p, multiply(conjugate(a), v.at(p)));
        far.set(p, multiply(a, far.at(p)));
      }
      put_row(out, poles_, out_.data<float>() + (i + 1) * state_);
      if (i + 1 < kLong) kernel[i + 1] = static_cast<float>(dot(out, parts.input, poles_));
    }
    put_row(far, poles_, far_.data<float>());
    for (int64_t i = 0; i < kLong; ++i) reversed_.data<float>()[kLong - i] = kernel[i];
    tile::transpose(this->v(0), state_, kLong, state_, v_turned_.data<float>(), kLong);
    tile::transpose(this->out(1), state_, kLong, state_, out_turned_.data<float>(), kLong);
  }
  // What the way back needs as well.
  HWY_INLINE void turn() {
    tile::transpose(input(kLong - 1), -state_, kLong, state_, input_turned_.data<float>(), kLong);
    tile::transpose(w(kLong - 1), -state_, kLong, state_, w_turned_.data<float>(), kLong);
  }

  // The state before each chunk from its chunks u; z [rows, L] takes q^T D^j of these states.
  HWY_INLINE void states(const float* u, const DplrRows& rows, float* s, float* z) const {
    std::fill_n(s, state_, 0.0f);
    tile::product({{u, kLong, 1, input(kLong - 1), -state_, kLong}}, rows.all() - 1, state_,
                  {s + state_, state_, false});
    const int64_t far = rows.each() * state_, far_z = rows.each() * kLong;
    for (int64_t c = 0; c + 1 < rows.chunks; ++c) {
      const float* at = s + c * state_;
      float *next = s + (c + 1) * state_, *along = z + c * kLong;
      tile::product({{at, far, 1, v_turned_.data<float>(), kLong, state_}}, rows.sequences, kLong,
                    {along, far_z, false});
      for (int64_t i = 0; i < rows.sequences; ++i) add_far<false>(at + i * far, next + i * far);
      tile::product({{along, far_z, 1, w(kLong - 1), -state_, kLong}}, rows.sequences, state_, {next, far, true});
    }
    for (int64_t i = 0; i < rows.sequences; ++i) std::fill_n(s + i * far + rows.chunks * state_, state_, 0.0f);
  }
  // The same backwards: the gradients t of the states before each chunk from those of the chunks, dy; r [rows, L] takes
  // the products of w's rows with the gradients of the states behind them.
  HWY_INLINE void states_back(const float* dy, const DplrRows& rows, float* t, float* r) const {
    tile::product({{dy, kLong, 1, out(1), state_, kLong}}, rows.all(), state_, {t, state_, false});
    const int64_t far = rows.each() * state_, far_r = rows.each() * kLong;
    for (int64_t c = rows.chunks - 2; c > 0; --c) {
      const float* behind = t + (c + 1) * state_;
      float *at = t + c * state_, *along = r + c * kLong;
      tile::product({{behind, far, 1, w_turned_.data<float>(), kLong, state_}}, rows.sequences, kLong,
                    {along, far_r, false});
      for (int64_t i = 0; i < rows.sequences; ++i) add_far<true>(behind + i * far, at + i * far);
      tile::product({{along, far_r, 1, v(0), state_, kLong}}, rows.sequences, state_, {at, far, true});
    }
  }

  // y = the chunk's own inputs through the Toeplitz matrix + the state before it, read out. The second half of a chunk
  // does not reach its first half: that quarter of the matrix is 0, and left out.
  HWY_INLINE void outputs(const float* u, const float* s, const DplrRows& rows, float* y) const {
    constexpr int64_t kHalf = kLong / 2;
    const float* kernel = kernel_.data<float>() + kLong;
    tile::product({{s, state_, 1, out_turned_.data<float>(), kLong, state_}, {u, kLong, 1, kernel, -1, kHalf}},
                  rows.all(), kLong, {y, kLong, false});
    tile::product({{u + kHalf, kLong, 1, kernel, -1, kHalf}}, rows.all(), kHalf, {y + kHalf, kLong, true});
  }
  HWY_INLINE void inputs_back(const float* dy, const float* t, const DplrRows& rows, float* du) const {
    constexpr int64_t kHalf = kLong / 2;
    const float* reversed = reversed_.data<float>() + kLong;
    tile::product({{t + state_, state_, 1, input_turned_.data<float>(), kLong, state_},
                   {dy + kHalf, kLong, 1, reversed - kHalf, -1, kHalf}},
                  rows.all() - 1, kLong, {du, kLong, false});
    tile::product({{dy, kLong, 1, reversed, -1, kHalf}}, rows.all() - 1, kHalf, {du, kLong, true});
  }

 private:
  // to += D^L from, or its transpose.
  template <bool turned>
  HWY_INLINE void add_far(const float* from, float* to) const {
    const simd::Floats d;
    const float* z = far_.data<float>();
    for (int64_t p = 0; p < poles_; p += simd::lanes()) {
      const simd::V re = hn::LoadU(d, z + p), load = hn::LoadU(d, z + poles_ + p), im = turned ? hn::Neg(load) : load;
      const simd::V x = hn::LoadU(d, from + p), y = hn::LoadU(d, from + poles_ + p);
      hn::StoreU(hn::NegMulAdd(im, y, hn::MulAdd(re, x, hn::LoadU(d, to + p))), d, to + p);
      hn::StoreU(hn::MulAdd(im, x, hn::MulAdd(re, y, hn::LoadU(d, to + poles_ + p))), d, to + poles_ + p);
    }
  }

  int64_t poles_, state_;
  Tensor input_, w_, v_, out_;                              // [L, state], out_ with a row more
  Tensor input_turned_, w_turned_, v_turned_, out_turned_;  // [state, L]; of the first two in reverse
  Tensor far_;                                              // D^L
  Tensor kernel_, reversed_;                                // K[-L .. L - 1], 0 before 0, and K[L .. 1 - L], 0 behind 0
};

}  // namespace mlrun::kernels::HWY_NAMESPACE::ssm
HWY_AFTER_NAMESPACE();
#endif  // the toggle
