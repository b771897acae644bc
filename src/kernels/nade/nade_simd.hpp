// How the NADE kernels lay out weights for one instruction set, and the dot product that all of them share.
// Included once per instruction set by Highway's foreach_target.
//
// Steps go in groups of kGroup, hidden units in pairs of vectors. A group of rows is packed as [pair][row][2 vectors],
// hidden units padded with zeros to whole pairs, so that every kernel walks through memory once, in order, aligned.
#if defined(MLRUN_KERNELS_NADE_SIMD_HPP) == defined(HWY_TARGET_TOGGLE)
#ifdef MLRUN_KERNELS_NADE_SIMD_HPP
#undef MLRUN_KERNELS_NADE_SIMD_HPP
#else
#define MLRUN_KERNELS_NADE_SIMD_HPP
#endif

#include <algorithm>
#include <cstring>

#include "kernels/nade/nade.hpp"
#include "kernels/vector/vector_math.hpp"

HWY_BEFORE_NAMESPACE();
namespace mlrun::kernels::HWY_NAMESPACE::nade {
namespace hn = hwy::HWY_NAMESPACE;

using Floats = hn::ScalableTag<float>;
using Vector = hn::Vec<Floats>;
inline constexpr int64_t kLanes = static_cast<int64_t>(hn::MaxLanes(Floats()));
inline constexpr int64_t kPair = 2 * kLanes;
// Two accumulators for each of the group's rows must fit into the registers: 32 of them with AVX-512, 16 before. Always
// a divisor of 8, and at most kLanes.
#if HWY_TARGET == HWY_SCALAR
inline constexpr int64_t kGroup = 1;
#elif HWY_TARGET <= HWY_AVX3
inline constexpr int64_t kGroup = 8;
#else
inline constexpr int64_t kGroup = 4;
#endif

HWY_INLINE int64_t padded(int64_t hidden) { return (hidden + kPair - 1) / kPair * kPair; }
HWY_INLINE int64_t pixel_at(const NadeWeights& weights, int64_t step) {
  return weights.order ? weights.order[step] : step;
}

// The symbols of the group that begins at `step`: bit k is the symbol at step + k.
HWY_INLINE uint32_t group_of(const uint8_t* ones, int64_t step) {
  return (static_cast<uint32_t>(ones[step / 8]) >> (step % 8)) & ((1u << kGroup) - 1);
}

// Rows of `matrix` [D, H] at steps [begin, begin + rows) -> packed [padded / kPair][rows][kPair]; zeros for steps >= D.
HWY_INLINE void pack_rows(const NadeWeights& weights, const float* matrix, int64_t begin, int64_t rows, float* packed) {
  const int64_t hidden = weights.hidden, whole = hidden / kPair * kPair;
  const Floats d;
  for (int64_t r = 0; r < rows; ++r) {
    float* to = packed + r * kPair;
    if (begin + r >= weights.pixels) {
      for (int64_t j = 0; j < padded(hidden); j += kPair) std::fill_n(to + j * rows, kPair, 0.0f);
      continue;
    }
    const float* from = matrix + pixel_at(weights, begin + r) * hidden;
    for (int64_t j = 0; j < whole; j += kPair) {
      hn::Store(hn::LoadU(d, from + j), d, to + j * rows);
      hn::Store(hn::LoadU(d, from + j + kLanes), d, to + j * rows + kLanes);
    }
    if (whole < hidden) {
      std::fill_n(to + whole * rows, kPair, 0.0f);
      std::copy(from + whole, from + hidden, to + whole * rows);
    }
  }
}

// Sums of the lanes of each of `kCount` vectors (1, 2, 4 or 8, at most kLanes) -> sums[0 .. kCount). Neighbouring lanes
// are added first, then neighbouring sums, and so on: the same order for every kCount.
template <int64_t kCount>
HWY_INLINE void sum_lanes(Vector* v, float* sums) {
#if HWY_TARGET == HWY_SCALAR
  for (int64_t r = 0; r < kCount; ++r) sums[r] = hn::GetLane(v[r]);
#else
  const Floats d;
  int64_t left = kCount;
  for (int64_t width = kLanes; width > 1; width /= 2) {
    if (left > 1) {
      left /= 2;
      for (int64_t r = 0; r < left; ++r) {
        v[r] = hn::Add(hn::ConcatEven(d, v[2 * r + 1], v[2 * r]), hn::ConcatOdd(d, v[2 * r + 1], v[2 * r]));
      }
    } else {
      v[0] = hn::Add(hn::ConcatEven(d, v[0], v[0]), hn::ConcatOdd(d, v[0], v[0]));
    }
  }
  HWY_ALIGN float buffer[kLanes];
  hn::Store(v[0], d, buffer);
  std::copy_n(buffer, kCount, sums);
#endif
}

// sums[r] = V[first + r] . h for the group's rows from `first` on; h [padded], v packed. What follows the group's last
// row in `sums` is not touched.
template <int64_t kRows>
HWY_INLINE void dot_last_rows(const float* h, const float* v, int64_t hidden_padded, float* sums) {
  const Floats d;
  Vector even[kGroup], odd[kGroup];
  for (int64_t r = 0; r < kGroup; ++r) even[r] = odd[r] = hn::Zero(d);
  const float* row = v + (kGroup - kRows) * kPair;
  for (int64_t j = 0; j < hidden_padded; j += kPair, row += kGroup * kPair) {
    const Vector h0 = hn::Load(d, h + j), h1 = hn::Load(d, h + j + kLanes);
    for (int64_t r = 0; r < kRows; ++r) {
      even[r] = hn::MulAdd(h0, hn::Load(d, row + r * kPair), even[r]);
      odd[r] = hn::MulAdd(h1, hn::Load(d, row + r * kPair + kLanes), odd[r]);
    }
  }
  for (int64_t r = 0; r < kGroup; ++r) even[r] = hn::Add(even[r], odd[r]);
  float all[kGroup];
  sum_lanes<kGroup>(even, all);
  std::copy_n(all, kRows, sums);
}

}  // namespace mlrun::kernels::HWY_NAMESPACE::nade
HWY_AFTER_NAMESPACE();
#endif  // the toggle
