// Transposing tiles between row-major activations and what a kernel wants side by side. Included once per instruction
// set by Highway's foreach_target (hence the unusual include guard).
#if defined(MLRUN_KERNELS_TILE_TRANSPOSE_HPP) == defined(HWY_TARGET_TOGGLE)
#ifdef MLRUN_KERNELS_TILE_TRANSPOSE_HPP
#undef MLRUN_KERNELS_TILE_TRANSPOSE_HPP
#else
#define MLRUN_KERNELS_TILE_TRANSPOSE_HPP
#endif

#include <algorithm>
#include <cstdint>

#include "hwy/cache_control.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace mlrun::kernels::HWY_NAMESPACE::tile {
namespace hn = hwy::HWY_NAMESPACE;

constexpr int64_t kAhead = 32;  // rows that are fetched before their turn

HWY_INLINE void transpose_4x4(const float* from, int64_t row, float* to, int64_t to_row) {
#if HWY_TARGET == HWY_SCALAR
  for (int64_t i = 0; i < 4; ++i) {
    for (int64_t j = 0; j < 4; ++j) to[j * to_row + i] = from[i * row + j];
  }
#else
  const hn::FixedTag<float, 4> d;
  const auto a = hn::LoadU(d, from), b = hn::LoadU(d, from + row);
  const auto e = hn::LoadU(d, from + 2 * row), f = hn::LoadU(d, from + 3 * row);
  const auto ae = hn::InterleaveLower(d, a, e), bf = hn::InterleaveLower(d, b, f);
  const auto ae_high = hn::InterleaveUpper(d, a, e), bf_high = hn::InterleaveUpper(d, b, f);
  hn::StoreU(hn::InterleaveLower(d, ae, bf), d, to);
  hn::StoreU(hn::InterleaveUpper(d, ae, bf), d, to + to_row);
  hn::StoreU(hn::InterleaveLower(d, ae_high, bf_high), d, to + 2 * to_row);
  hn::StoreU(hn::InterleaveUpper(d, ae_high, bf_high), d, to + 3 * to_row);
#endif
}

// to[j to_row + i] = from[i row + j], i < rows, j < columns. Strides may be negative. The longer side is the outer
// loop, so that the shorter one (a cache line or so) is read or written as a whole.
HWY_INLINE void transpose(const float* from, int64_t row, int64_t rows, int64_t columns, float* to, int64_t to_row) {
  const int64_t whole_rows = rows / 4 * 4, whole_columns = columns / 4 * 4;
  if (rows >= columns) {
    for (int64_t i = 0; i < whole_rows; i += 4) {
      // Rows are far apart, which the hardware does not foresee.
      for (int64_t k = i + kAhead; k < i + kAhead + 4 && k < rows; ++k) hwy::Prefetch(from + k * row);
      for (int64_t j = 0; j < whole_columns; j += 4) {
        transpose_4x4(from + i * row + j, row, to + j * to_row + i, to_row);
      }
    }
  } else {
    for (int64_t j = 0; j < whole_columns; j += 4) {
      for (int64_t k = j + kAhead; k < j + kAhead + 4 && k < columns; ++k) hwy::Prefetch(to + k * to_row);
      for (int64_t i = 0; i < whole_rows; i += 4) {
        transpose_4x4(from + i * row + j, row, to + j * to_row + i, to_row);
      }
    }
  }
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t j = i < whole_rows ? whole_columns : 0; j < columns; ++j) to[j * to_row + i] = from[i * row + j];
  }
}

}  // namespace mlrun::kernels::HWY_NAMESPACE::tile
HWY_AFTER_NAMESPACE();
#endif  // the toggle
