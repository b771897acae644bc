// Products of small matrices that lie in the L1 or L2 cache, for kernels that chain several of them. Included once per
// instruction set by Highway's foreach_target (hence the unusual include guard).
//
// A product is a sum of factors A B, each read where it lies, with strides of its own: what would be put side by side
// ([U | S] [T; V]) need not be copied together, a row stride of -1 reads a Toeplitz matrix out of its vector, and a
// negative one takes rows in reverse.
#if defined(MLRUN_KERNELS_TILE_PRODUCT_HPP) == defined(HWY_TARGET_TOGGLE)
#ifdef MLRUN_KERNELS_TILE_PRODUCT_HPP
#undef MLRUN_KERNELS_TILE_PRODUCT_HPP
#else
#define MLRUN_KERNELS_TILE_PRODUCT_HPP
#endif

#include <cstdint>
#include <initializer_list>

#include "hwy/highway.h"
#include "kernels/vector/simd.hpp"

HWY_BEFORE_NAMESPACE();
namespace mlrun::kernels::HWY_NAMESPACE::tile {
namespace hn = hwy::HWY_NAMESPACE;
using simd::Floats;
using simd::V;

// A[i, k] = a[i row + k step] and B[k, j] = b[k b_step + j], k < depth.
struct Factor {
  const float* a;
  int64_t row, step;
  const float* b;
  int64_t b_step, depth;
};

struct Result {
  float* c;
  int64_t row;
  bool accumulate;
};

// C[i0 + .., j0 + ..]: `rows` rows of `vectors` vectors, in registers.
template <int vectors, int rows>
HWY_INLINE void one(std::initializer_list<Factor> factors, int64_t i0, int64_t j0, const Result& to) {
  const Floats d;
  const int64_t n = simd::lanes();
  float* c = to.c + i0 * to.row + j0;
  V sums[rows][vectors];
#pragma GCC unroll 8
  for (int i = 0; i < rows; ++i) {
#pragma GCC unroll 4
    for (int v = 0; v < vectors; ++v) {
      sums[i][v] = to.accumulate ? hn::LoadU(d, c + i * to.row + v * n) : hn::Zero(d);
    }
  }
  for (const Factor& f : factors) {
    const int64_t row = f.row, step = f.step, b_step = f.b_step;
    const float *a = f.a + i0 * row, *b = f.b + j0;
    for (int64_t k = 0; k < f.depth; ++k, a += step, b += b_step) {
      V right[vectors];
#pragma GCC unroll 4
      for (int v = 0; v < vectors; ++v) right[v] = hn::LoadU(d, b + v * n);
#pragma GCC unroll 8
      for (int i = 0; i < rows; ++i) {
        const V left = hn::Set(d, a[i * row]);
#pragma GCC unroll 4
        for (int v = 0; v < vectors; ++v) sums[i][v] = hn::MulAdd(left, right[v], sums[i][v]);
      }
    }
  }
#pragma GCC unroll 8
  for (int i = 0; i < rows; ++i) {
#pragma GCC unroll 4
    for (int v = 0; v < vectors; ++v) hn::StoreU(sums[i][v], d, c + i * to.row + v * n);
  }
}

// The last rows, fewer than `rows` + 1.
template <int vectors, int rows>
HWY_INLINE void rest(std::initializer_list<Factor> factors, int64_t i0, int64_t left, int64_t j0, const Result& to) {
  if (left == rows) return one<vectors, rows>(factors, i0, j0, to);
  if constexpr (rows > 1) rest<vectors, rows - 1>(factors, i0, left, j0, to);
}

template <int vectors, int rows>
HWY_NOINLINE void columns(std::initializer_list<Factor> factors, int64_t m, int64_t j0, const Result& to) {
  int64_t i = 0;
  for (; i + rows <= m; i += rows) one<vectors, rows>(factors, i, j0, to);
  if constexpr (rows > 1) {
    if (i < m) rest<vectors, rows - 1>(factors, i, m - i, j0, to);
  }
}

// C[m, n] = (C +) the sum of the factors; n is a multiple of 16 numbers, which are whole vectors everywhere.
HWY_INLINE void product(std::initializer_list<Factor> factors, int64_t m, int64_t n, const Result& to) {
  const int64_t lanes = simd::lanes();
  int64_t j = 0;
#if HWY_TARGET <= HWY_AVX3  // 32 registers
  for (; j + 4 * lanes <= n; j += 4 * lanes) columns<4, 6>(factors, m, j, to);
  for (; j + 2 * lanes <= n; j += 2 * lanes) columns<2, 8>(factors, m, j, to);
#else
  for (; j + 2 * lanes <= n; j += 2 * lanes) columns<2, 5>(factors, m, j, to);
#endif
  for (; j < n; j += lanes) columns<1, 8>(factors, m, j, to);
}

}  // namespace mlrun::kernels::HWY_NAMESPACE::tile
HWY_AFTER_NAMESPACE();
#endif  // the toggle
