// What the forward and the backward pass of kernels/attention/attention.hpp do with one tile: kTile keys (rows) by
// kTile queries (columns, so that a query is a lane of a vector and its softmax needs no sum across lanes). Included
// once per instruction set by Highway's foreach_target (hence the unusual include guard).
#if defined(MLRUN_KERNELS_ATTENTION_TILE_HPP) == defined(HWY_TARGET_TOGGLE)
#ifdef MLRUN_KERNELS_ATTENTION_TILE_HPP
#undef MLRUN_KERNELS_ATTENTION_TILE_HPP
#else
#define MLRUN_KERNELS_ATTENTION_TILE_HPP
#endif

#include <algorithm>
#include <cstdint>

#include "hwy/highway.h"
#include "kernels/attention/attention_head.hpp"
#include "kernels/product/tile_product.hpp"
#include "kernels/vector/simd.hpp"
#include "kernels/vector/tile_transpose.hpp"
#include "kernels/vector/vector_math.hpp"

HWY_BEFORE_NAMESPACE();
namespace mlrun::kernels::attention_tiles::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
namespace tile = kernels::HWY_NAMESPACE::tile;
namespace simd = kernels::HWY_NAMESPACE::simd;
namespace vmath = kernels::HWY_NAMESPACE::vmath;
using simd::Floats;
using simd::V;

// The part of a tile that is computed at once: of its queries from t0 on, `columns` from column `column` on, and the
// first `rows` of its keys from s0 <= t0 on.
struct Place {
  int64_t t0, s0;
  int64_t column, columns, rows;
  int64_t behind() const { return t0 - s0; }
};

HWY_INLINE int64_t first_tile(const Head& head, int64_t t0) {
  return std::max<int64_t>(0, t0 - head.window + 1) / kTile * kTile;
}
HWY_INLINE bool all_visible(const Head& head, const Place& at) {
  return at.behind() >= kTile - 1 && at.behind() + kTile - 1 < head.window;
}

// f(place) for the tiles of the queries from t0 on. A tile on the diagonal comes in two halves, the first of which has
// no use for the later keys; what is behind the last position is left out, but for the rest of a vector.
template <class F>
HWY_INLINE void each_place(const Head& head, int64_t t0, F f) {
  const int64_t columns = std::min(kTile, widened(head.length - t0));
  for (int64_t s0 = first_tile(head, t0); s0 < t0; s0 += kTile) f(Place{t0, s0, 0, columns, kTile});
  const int64_t half = std::min(columns, kTile / 2);
  f(Place{t0, t0, 0, half, half});
  if (columns > half) f(Place{t0, t0, half, columns - half, columns});
}

// Turns `count` rows of `width` numbers into columns [width, kTile], times `factor`; zeros behind the last row.
HWY_INLINE void turn(const SequenceRows<const float>& rows, int64_t first, int64_t count, int64_t width, float factor,
                     float* to) {
  if (count < kTile) std::fill_n(to, width * kTile, 0.0f);
  tile::transpose(rows.at(0, first), rows.position, count, width, to, kTile);
  if (factor == 1) return;
  const V by = hn::Set(Floats(), factor);
  simd::map(to, to, width * kTile, [by](V x) HWY_ATTR { return hn::Mul(x, by); });
}

// The same rows side by side, [kTile, widened width].
HWY_INLINE void copy_rows(const SequenceRows<const float>& rows, int64_t first, int64_t count, int64_t width,
                          float factor, float* to) {
  const int64_t wide = widened(width);
  const V by = hn::Set(Floats(), factor);
  if (count < kTile || wide != width) std::fill_n(to, kTile * wide, 0.0f);
  for (int64_t i = 0; i < count; ++i)
    simd::map(rows.at(0, first + i), to + i * wide, width, [by](V x) HWY_ATTR { return hn::Mul(x, by); });
}

// Calls f(row, queries from column c on) with a whole vector for each of a tile's numbers.
template <class F>
HWY_INLINE void each_of_tile(const Place& at, F f) {
  for (int64_t i = 0; i < at.rows; ++i) {
    for (int64_t c = at.column; c < at.column + at.columns; c += simd::lanes()) f(i, c);
  }
}

// The scores of a tile, without its mask.
HWY_INLINE void tile_scores(const Head& head, const Place& at, Workspace& work) {
  const Floats d;
  float* scores = work.scores.data<float>();
  tile::product({{head.k + at.s0 * head.keys, head.keys, 1, work.q.data<float>() + at.column, kTile, head.keys}},
                at.rows, at.columns, {scores + at.column, kTile, false});
  if (head.bias) {
    const float* bias = head.bias + kBefore + at.behind();  // of row 0, column 0
    each_of_tile(at, [&](int64_t i, int64_t c) HWY_ATTR {
      float* p = scores + i * kTile + c;
      hn::StoreU(hn::Add(hn::LoadU(d, p), hn::LoadU(d, bias - i + c)), d, p);
    });
  }
  float* skewed = work.skewed.data<float>();
  const int64_t first = kBefore + at.behind() - (kTile - 1);  // the least distance of the tile
  if (head.position_keys) {
    // skewed[j, t] = p_t . a[first + j], of which the tile wants j = t - i + kTile - 1.
    tile::product({{head.position_keys + first * head.keys, head.keys, 1, work.position_q.data<float>() + at.column,
                    kTile, head.keys}},
                  2 * kTile - 1, at.columns, {skewed + at.column, kTile, false});
    for (int64_t i = 0; i < at.rows; ++i) {
      for (int64_t t = at.column; t < at.column + at.columns; ++t)
        scores[i * kTile + t] += skewed[(t - i + kTile - 1) * kTile + t];
    }
  }
  if (head.position_queries) {
    // skewed[i, j] = k_i . b[first + j]
    tile::product(
        {{head.k + at.s0 * head.keys, head.keys, 1, head.position_queries_turned + first, head.table_rows, head.keys}},
        at.rows, 2 * kTile, {skewed, 2 * kTile, false});
    each_of_tile(at, [&](int64_t i, int64_t c) HWY_ATTR {
      float* p = scores + i * kTile + c;
      hn::StoreU(hn::Add(hn::LoadU(d, p), hn::LoadU(d, skewed + i * 2 * kTile + kTile - 1 - i + c)), d, p);
    });
  }
}

// Which of the queries from column c on see the key of row i.
HWY_INLINE hn::Mask<Floats> visible(const Head& head, const Place& at, int64_t i, int64_t c) {
  const Floats d;
  const V distance = hn::Iota(d, static_cast<float>(at.behind() - i + c));
  return hn::And(hn::Ge(distance, hn::Zero(d)), hn::Lt(distance, hn::Set(d, static_cast<float>(head.window))));
}

using Hashes = hn::Vec<hn::RebindToUnsigned<Floats>>;

// lowbias32 (Wellons 2018): every bit of x decides every bit of the result.
HWY_INLINE Hashes hashed(Hashes x) {
  const hn::RebindToUnsigned<Floats> du;
  x = hn::Xor(x, hn::ShiftRight<16>(x));
  x = hn::Mul(x, hn::Set(du, 0x7feb352du));
  x = hn::Xor(x, hn::ShiftRight<15>(x));
  x = hn::Mul(x, hn::Set(du, 0x846ca68bu));
  return hn::Xor(x, hn::ShiftRight<16>(x));
}

// Of the queries from column c on, for kept_of.
HWY_INLINE Hashes query_hashes(const WeightDropout& dropout, const Place& at, int64_t c) {
  const hn::RebindToUnsigned<Floats> du;
  return hashed(hn::Xor(hn::Iota(du, static_cast<uint32_t>(at.t0 + c)), hn::Set(du, dropout.key)));
}

// 0 for the weights that are dropped, and what makes up for it for the others: those of the key of row i.
HWY_INLINE V kept_of(const WeightDropout& dropout, const Place& at, Hashes queries, int64_t i) {
  const Floats d;
  const hn::RebindToUnsigned<Floats> du;
  const hn::RebindToSigned<Floats> di;
  const uint32_t key = static_cast<uint32_t>(at.s0 + i) * 0x9E3779B9u + dropout.second_key;
  const Hashes hash = hashed(hn::Add(queries, hn::Set(du, key)));
  const V draw = hn::ConvertTo(d, hn::BitCast(di, hn::ShiftRight<8>(hash)));
  return hn::IfThenZeroElse(hn::Lt(draw, hn::Set(d, dropout.below)), hn::Set(d, dropout.kept));
}

}  // namespace mlrun::kernels::attention_tiles::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif  // the toggle
