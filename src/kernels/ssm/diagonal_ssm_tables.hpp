// What the chunks of one channel of a diagonal state space are multiplied by. Included once per instruction set by
// Highway's foreach_target (hence the unusual include guard).
#if defined(MLRUN_KERNELS_DIAGONAL_SSM_TABLES_HPP) == defined(HWY_TARGET_TOGGLE)
#ifdef MLRUN_KERNELS_DIAGONAL_SSM_TABLES_HPP
#undef MLRUN_KERNELS_DIAGONAL_SSM_TABLES_HPP
#else
#define MLRUN_KERNELS_DIAGONAL_SSM_TABLES_HPP
#endif

#include "hwy/highway.h"
#include "kernels/product/tile_product.hpp"
#include "kernels/ssm/diagonal_ssm_poles.hpp"
#include "kernels/vector/simd.hpp"
#include "kernels/vector/tile_transpose.hpp"
#include "tensor/tensor.hpp"

HWY_BEFORE_NAMESPACE();
namespace mlrun::kernels::HWY_NAMESPACE::ssm {

constexpr int64_t kChunk = kDiagonalSsmChunk;

HWY_INLINE void put(W x, float* to) {
  const hn::Rebind<float, Doubles> d;
  hn::StoreU(hn::DemoteTo(d, x), d, to);
}

// A state is 2 P numbers: real parts, imaginary parts.
class Tables {
 public:
  explicit Tables(int64_t poles)
      : poles_(poles),
        powers_({kChunk + 1, 2 * poles}),
        weighted_({kChunk, 2 * poles}),
        read_out_({2 * poles, kChunk}),
        kernel_(Tensor::zeros({2 * kChunk})) {}

  const float* power(int64_t l) const { return powers_.data<float>() + l * 2 * poles_; }  // z^l

  HWY_INLINE void make(const PoleRow& z, const PoleRow& weight, float feedthrough) {
    const Doubles d;
    float* powers = powers_.data<float>();
    float* weighted = weighted_.data<float>();
    W first = hn::Zero(d);
    for (int64_t p = 0; p < poles_; p += double_lanes()) {
      const Complex a = z.at(p);
      Complex power = constant(1), w = weight.at(p);
      first = hn::Add(first, w.re);
      put(power.re, powers + p);
      put(power.im, powers + poles_ + p);
      for (int64_t l = 1; l <= kChunk; ++l) {
        power = multiply(power, a);
        w = multiply(w, a);
        float *row = powers + l * 2 * poles_ + p, *weighted_row = weighted + (l - 1) * 2 * poles_ + p;
        put(power.re, row);
        put(power.im, row + poles_);
        put(w.re, weighted_row);
        put(hn::Neg(w.im), weighted_row + poles_);
      }
    }
    tile::transpose(weighted, 2 * poles_, kChunk, 2 * poles_, read_out_.data<float>(), kChunk);
    float* kernel = kernel_.data<float>() + kChunk;
    std::fill_n(kernel, kChunk, 0.0f);
    for (int64_t p = 0; p < poles_; ++p) {
      const float* row = read_out_.data<float>() + p * kChunk;
      for (int64_t l = 1; l < kChunk; ++l) kernel[l] += row[l - 1];
    }
    kernel[0] = static_cast<float>(hn::GetLane(hn::SumOfLanes(d, first))) + feedthrough;
  }

  // What each chunk adds to the state at its end: sum_i z^(kChunk - 1 - i) u_i.
  HWY_INLINE void into_states(const float* u, int64_t rows, float* states) const {
    tile::product({{u, kChunk, 1, power(kChunk - 1), -2 * poles_, kChunk}}, rows, 2 * poles_,
                  {states, 2 * poles_, false});
  }

  // From there to the state before each chunk, in `sequences` runs of chunks.
  HWY_INLINE void hand_over(float* states, int64_t sequences, int64_t chunks) const {
    const simd::Floats d;
    const float* z = power(kChunk);
    for (int64_t p = 0; p < poles_; p += simd::lanes()) {
      const simd::V re = hn::LoadU(d, z + p), im = hn::LoadU(d, z + poles_ + p);
      float* at = states + p;
      for (int64_t s = 0; s < sequences; ++s) {
        simd::V x = hn::Zero(d), y = hn::Zero(d);
        for (int64_t c = 0; c < chunks; ++c, at += 2 * poles_) {
          const simd::V u = hn::LoadU(d, at), v = hn::LoadU(d, at + poles_);
          hn::StoreU(x, d, at);
          hn::StoreU(y, d, at + poles_);
          const simd::V next = hn::MulAdd(re, x, hn::NegMulAdd(im, y, u));
          y = hn::MulAdd(re, y, hn::MulAdd(im, x, v));
          x = next;
        }
      }
    }
  }

  // y = the chunk's own inputs through the Toeplitz matrix + the state before it, read out.
  // The second half of a chunk does not reach its first half: that quarter of the matrix is 0, and left out.
  HWY_INLINE void out(const float* u, const float* states, int64_t rows, float* y) const {
    constexpr int64_t kHalf = kChunk / 2;
    const float* kernel = kernel_.data<float>() + kChunk;
    tile::product(
        {{states, 2 * poles_, 1, read_out_.data<float>(), kChunk, 2 * poles_}, {u, kChunk, 1, kernel, -1, kHalf}}, rows,
        kChunk, {y, kChunk, false});
    tile::product({{u + kHalf, kChunk, 1, kernel, -1, kHalf}}, rows, kHalf, {y + kHalf, kChunk, true});
  }

 private:
  int64_t poles_;
  Tensor powers_;    // [kChunk + 1, state]: z^l
  Tensor weighted_;  // [kChunk, state]: the next, before it is transposed
  Tensor read_out_;  // [state, kChunk]: y_j += Re(weight z^(j + 1) x)
  Tensor kernel_;    // K[-kChunk .. kChunk - 1], 0 before 0
};

}  // namespace mlrun::kernels::HWY_NAMESPACE::ssm
HWY_AFTER_NAMESPACE();
#endif  // the toggle
