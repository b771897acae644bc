#include "kernels/attention/attention_head.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/attention/attention_backward.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
//
#include "kernels/attention/attention_tile.hpp"

HWY_BEFORE_NAMESPACE();
namespace mlrun::kernels::attention_tiles::HWY_NAMESPACE {

// Of a tile: scores become the weights w (times what dropout leaves of them), and d_scores, which come as dw = dy . v,
// become w (dw - dot), with dot = sum_s w dw = dy . y (Dao et al. 2022, appendix B.2).
template <bool masked, bool dropped>
HWY_INLINE void score_gradient(const Head& head, const Place& at, Workspace& work) {
  const Floats d;
  const int64_t n = simd::lanes();
  float *scores = work.scores.data<float>(), *d_scores = work.d_scores.data<float>();
  for (int64_t c = at.column; c < at.column + at.columns; c += n) {
    const V log_sum = hn::LoadU(d, work.most.data<float>() + c), dot = hn::LoadU(d, work.dot.data<float>() + c);
    const Hashes queries = query_hashes(head.dropout, at, c);
    for (int64_t i = 0; i < at.rows; ++i) {
      float *p = scores + i * kTile + c, *dp = d_scores + i * kTile + c;
      V w = vmath::exp_nonpositive(d, hn::Sub(hn::LoadU(d, p), log_sum)), dw = hn::LoadU(d, dp);
      if constexpr (masked) w = hn::IfThenElseZero(visible(head, at, i, c), w);
      if constexpr (dropped) {
        const V kept = kept_of(head.dropout, at, queries, i);
        dw = hn::Mul(dw, kept);
        hn::StoreU(hn::Mul(w, kept), d, p);
      } else {
        hn::StoreU(w, d, p);
      }
      hn::StoreU(hn::Mul(w, hn::Sub(dw, dot)), d, dp);
    }
  }
}

void score_gradient(const Head& head, const Place& at, Workspace& work) {
  const bool masked = !all_visible(head, at), dropped = head.dropout.below > 0;
  if (masked && dropped) score_gradient<true, true>(head, at, work);
  else if (masked) score_gradient<true, false>(head, at, work);
  else if (dropped) score_gradient<false, true>(head, at, work);
  else score_gradient<false, false>(head, at, work);
}

// What a tile's d_scores give to all that is by distance (and to the queries and keys that are multiplied by it).
void position_gradients(const Head& head, const Place& at, Workspace& work, const HeadGradient& to) {
  const Floats d;
  const float* d_scores = work.d_scores.data<float>();
  const int64_t wide = widened(head.keys), first = kBefore + at.behind() - (kTile - 1);
  if (to.d_bias) {
    float* bias = to.d_bias + kBefore + at.behind();
    each_of_tile(at, [&](int64_t i, int64_t c) HWY_ATTR {
      float* p = bias - i + c;
      hn::StoreU(hn::Add(hn::LoadU(d, p), hn::LoadU(d, d_scores + i * kTile + c)), d, p);
    });
  }
  float* skewed = work.skewed.data<float>();
  if (head.position_keys) {
    std::fill_n(skewed, 2 * kTile * kTile, 0.0f);
    for (int64_t i = 0; i < at.rows; ++i) {
      for (int64_t t = at.column; t < at.column + at.columns; ++t)
        skewed[(t - i + kTile - 1) * kTile + t] = d_scores[i * kTile + t];
    }
    tile::product({{head.position_keys + first * head.keys, 1, head.keys, skewed + at.column, kTile, 2 * kTile - 1}},
                  head.keys, at.columns, {work.d_position_q.data<float>() + at.column, kTile, true});
    tile::product({{skewed, kTile, 1, work.position_q_rows.data<float>(), wide, kTile}}, 2 * kTile - 1, wide,
                  {to.d_position_keys + first * wide, wide, true});
  }
  if (head.position_queries) {
    std::fill_n(skewed, 2 * kTile * kTile, 0.0f);
    for (int64_t i = 0; i < at.rows; ++i) {
      std::copy_n(d_scores + i * kTile + at.column, at.columns, skewed + i * 2 * kTile + kTile - 1 - i + at.column);
    }
    const V by = hn::Set(d, head.scale);
    simd::map(skewed, skewed, 2 * kTile * kTile, [by](V x) HWY_ATTR { return hn::Mul(x, by); });
    tile::product({{skewed, 2 * kTile, 1, head.position_queries + first * wide, wide, 2 * kTile}}, kTile, wide,
                  {to.dk + at.s0 * wide, wide, true});
    copy_rows({head.k + at.s0 * head.keys, 0, head.keys}, 0, kTile, head.keys, 1, work.k_rows.data<float>());
    tile::product({{skewed, 1, 2 * kTile, work.k_rows.data<float>(), wide, kTile}}, 2 * kTile, wide,
                  {to.d_position_queries + first * wide, wide, true});
  }
}

void enter(const Head& head, int64_t t0, int64_t count, Workspace& work, const HeadGradient& to) {
  turn(head.q, t0, count, head.keys, head.scale, work.q.data<float>());
  copy_rows(head.q, t0, count, head.keys, head.scale, work.q_rows.data<float>());
  if (head.position_q) {
    turn(head.position_q, t0, count, head.keys, head.scale, work.position_q.data<float>());
    copy_rows(head.position_q, t0, count, head.keys, head.scale, work.position_q_rows.data<float>());
    std::fill_n(work.d_position_q.data<float>(), head.keys * kTile, 0.0f);
  }
  turn(to.dy, t0, count, head.values, 1, work.dy.data<float>());
  copy_rows(to.dy, t0, count, head.values, 1, work.dy_rows.data<float>());
  std::fill_n(work.dq.data<float>(), head.keys * kTile, 0.0f);
  float *log_sum = work.most.data<float>(), *dot = work.dot.data<float>();
  for (int64_t t = 0; t < kTile; ++t) {
    const bool there = t < count;
    log_sum[t] = there ? *to.log_sum.at(0, t0 + t) : 0.0f;
    dot[t] = there ? static_cast<float>(simd::dot(to.y.at(0, t0 + t), to.dy.at(0, t0 + t), head.values)) : 0.0f;
  }
}

// The gradient of queries, turned back.
void write_turned_back(const Head& head, int64_t t0, int64_t count, float* turned, const SequenceRows<float>& to) {
  const V by = hn::Set(Floats(), head.scale);
  simd::map(turned, turned, head.keys * kTile, [by](V x) HWY_ATTR { return hn::Mul(x, by); });
  tile::transpose(turned, kTile, head.keys, count, to.at(0, t0), to.position);
}

void backward(const Head& head, Workspace& work, const HeadGradient& to) {
  const int64_t wide_keys = widened(head.keys), wide_values = widened(head.values);
  float *w = work.scores.data<float>(), *d_scores = work.d_scores.data<float>();
  for (int64_t t0 = 0; t0 < head.length; t0 += kTile) {
    const int64_t count = std::min(kTile, head.length - t0);
    enter(head, t0, count, work, to);
    each_place(head, t0, [&](const Place& at) HWY_ATTR {
      const int64_t s0 = at.s0, column = at.column;
      tile_scores(head, at, work);
      tile::product({{head.v + s0 * head.values, head.values, 1, work.dy.data<float>() + column, kTile, head.values}},
                    at.rows, at.columns, {d_scores + column, kTile, false});
      score_gradient(head, at, work);
      tile::product(
          {{w + column, kTile, 1, work.dy_rows.data<float>() + column * wide_values, wide_values, at.columns}}, at.rows,
          wide_values, {to.dv + s0 * wide_values, wide_values, true});
      tile::product(
          {{d_scores + column, kTile, 1, work.q_rows.data<float>() + column * wide_keys, wide_keys, at.columns}},
          at.rows, wide_keys, {to.dk + s0 * wide_keys, wide_keys, true});
      tile::product({{head.k + s0 * head.keys, 1, head.keys, d_scores + column, kTile, at.rows}}, head.keys, at.columns,
                    {work.dq.data<float>() + column, kTile, true});
      position_gradients(head, at, work, to);
    });
    write_turned_back(head, t0, count, work.dq.data<float>(), to.dq);
    if (head.position_q) write_turned_back(head, t0, count, work.d_position_q.data<float>(), to.d_position_q);
  }
}

}  // namespace mlrun::kernels::attention_tiles::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mlrun::kernels::attention_tiles {

HWY_EXPORT(backward);

void backward(const Head& head, Workspace& work, const HeadGradient& to) {
  HWY_DYNAMIC_DISPATCH(backward)(head, work, to);
}

}  // namespace mlrun::kernels::attention_tiles
#endif
