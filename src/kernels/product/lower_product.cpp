#include "kernels/product/lower_product.hpp"

#include <algorithm>

#include "base/error.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/product/lower_product.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
//
#include "kernels/vector/simd.hpp"
#include "kernels/vector/tile_transpose.hpp"

HWY_BEFORE_NAMESPACE();
namespace mlrun::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
using simd::Floats;
using simd::V;

constexpr int kRows = HWY_TARGET <= HWY_AVX3 ? 8 : 4;  // of a tile of two vectors

// op(A) with its strides, the part of the sum, B and C with their row strides.
struct Tile {
  const float* a;
  int64_t a_row, a_sum, first, last;
  const float* b;
  int64_t ldb;
  float* c;
  int64_t ldc;
  bool add;
};

// C (+)= A B for `rows` rows and the vectors from column j on, the last of which has `valid` numbers.
template <int rows, int vectors, bool whole>
HWY_INLINE void small_product(const Tile& s, int64_t j, int64_t valid) {
  const Floats d;
  const int64_t n = simd::lanes();
  V sums[rows][vectors];
#pragma GCC unroll 8
  for (int r = 0; r < rows; ++r) {
#pragma GCC unroll 2
    for (int v = 0; v < vectors; ++v) sums[r][v] = hn::Zero(d);
  }
  const float* b = s.b + s.first * s.ldb + j;
  const float* a = s.a + s.first * s.a_sum;
  for (int64_t k = s.first; k < s.last; ++k, b += s.ldb, a += s.a_sum) {
    V from[vectors];
#pragma GCC unroll 2
    for (int v = 0; v < vectors; ++v)
      from[v] = whole || v + 1 < vectors ? hn::LoadU(d, b + v * n) : simd::load(b + v * n, valid);
#pragma GCC unroll 8
    for (int r = 0; r < rows; ++r) {
      const V x = hn::Set(d, a[r * s.a_row]);
#pragma GCC unroll 2
      for (int v = 0; v < vectors; ++v) sums[r][v] = hn::MulAdd(x, from[v], sums[r][v]);
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < rows; ++r) {
    float* c = s.c + r * s.ldc + j;
#pragma GCC unroll 2
    for (int v = 0; v < vectors; ++v) {
      const int64_t some = whole || v + 1 < vectors ? n : valid;
      const V sum = s.add ? hn::Add(sums[r][v], simd::load(c + v * n, some)) : sums[r][v];
      simd::store(sum, c + v * n, some);
    }
  }
}

template <int rows>
HWY_INLINE void strip(const Tile& s, int64_t columns) {
  const int64_t n = simd::lanes();
  int64_t j = 0;
  for (; j + 2 * n <= columns; j += 2 * n) small_product<rows, 2, true>(s, j, n);
  if (const int64_t rest = columns - j; rest > n) small_product<rows, 2, false>(s, j, rest - n);
  else if (rest == n) small_product<rows, 1, true>(s, j, n);
  else if (rest > 0) small_product<rows, 1, false>(s, j, rest);
}

HWY_INLINE void rows_of(Tile s, int64_t count, int64_t columns) {
  if (count == kRows) return strip<kRows>(s, columns);
  for (int64_t r = 0; r < count; ++r, s.a += s.a_row, s.c += s.ldc) strip<1>(s, columns);
}

void lower_times(const float* w, bool turned, int64_t count, const float* x, int64_t ldx, int64_t n, bool add, float* y,
                 int64_t ldy) {
  for (int64_t i = 0; i < count; i += kRows) {
    const int64_t rows = std::min<int64_t>(kRows, count - i);
    const Tile s = turned ? Tile{w + i, 1, count, i, count, x, ldx, y + i * ldy, ldy, add}
                          : Tile{w + i * count, count, 1, 0, i + rows, x, ldx, y + i * ldy, ldy, add};
    rows_of(s, rows, n);
  }
}

void lower_of(const float* a, int64_t lda, const float* b, int64_t ldb, int64_t count, int64_t k, float* turned,
              float* w) {
  const int64_t n = simd::lanes();
  tile::transpose(b, ldb, count, k, turned, count);
  for (int64_t i = 0; i < count; i += kRows) {
    const int64_t rows = std::min<int64_t>(kRows, count - i), columns = std::min(count, (i + rows + n - 1) / n * n);
    rows_of({a + i * lda, lda, 1, 0, k, turned, count, w + i * count, count, false}, rows, columns);
  }
}

}  // namespace mlrun::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mlrun::kernels {

HWY_EXPORT(lower_times);
HWY_EXPORT(lower_of);

void lower_times(const float* w, Transpose transpose, int64_t count, const float* x, int64_t ldx, int64_t n, float beta,
                 float* y, int64_t ldy) {
  require(beta == 0 || beta == 1, "a product with beta {}", beta);
  HWY_DYNAMIC_DISPATCH(lower_times)(w, transpose == Transpose::kYes, count, x, ldx, n, beta == 1, y, ldy);
}

void lower_of(const float* a, int64_t lda, const float* b, int64_t ldb, int64_t count, int64_t k, float* turned,
              float* w) {
  HWY_DYNAMIC_DISPATCH(lower_of)(a, lda, b, ldb, count, k, turned, w);
}

}  // namespace mlrun::kernels
#endif
