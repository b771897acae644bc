#include "kernels/attention/attention_head.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/attention/attention_forward.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
//
#include "kernels/attention/attention_tile.hpp"

HWY_BEFORE_NAMESPACE();
namespace mlrun::kernels::attention_tiles::HWY_NAMESPACE {

constexpr float kUnseen = -1e30f;  // below every score, and no infinity: the difference of two is 0
constexpr float kSlack = 8;        // how far scores may exceed what they are taken relative to: e^8 is no large number

// Scores become weights that are right but for a factor of each query: exp(score - about the greatest so far). Only
// where a score is much greater than those before is what was added up brought to the new greatest. Each query decides
// by itself: one that its neighbours in a vector have decided for would change its last bits with what comes later.
template <bool masked>
HWY_INLINE void online_softmax(const Head& head, const Place& at, Workspace& work) {
  const Floats d;
  const int64_t n = simd::lanes();
  float *scores = work.scores.data<float>(), *y = work.y.data<float>();
  for (int64_t c = at.column; c < at.column + at.columns; c += n) {
    float *most = work.most.data<float>() + c, *sum = work.sum.data<float>() + c;
    const V before = hn::LoadU(d, most);
    V now = before;
    for (int64_t i = 0; i < at.rows; ++i) {
      V x = hn::LoadU(d, scores + i * kTile + c);
      if constexpr (masked) x = hn::IfThenElse(visible(head, at, i, c), x, hn::Set(d, kUnseen));
      now = hn::Max(now, x);
    }
    V total = hn::LoadU(d, sum);
    const auto within = hn::Le(now, hn::Add(before, hn::Set(d, kSlack)));
    now = hn::IfThenElse(within, before, now);
    if (!hn::AllTrue(d, within)) {
      const V shrink = vmath::exp_nonpositive(d, hn::Sub(before, now));
      total = hn::Mul(shrink, total);
      for (int64_t k = 0; k < head.values; ++k) {
        float* p = y + k * kTile + c;
        hn::StoreU(hn::Mul(hn::LoadU(d, p), shrink), d, p);
      }
    }
    for (int64_t i = 0; i < at.rows; ++i) {
      float* p = scores + i * kTile + c;
      V x = vmath::exp_upto(d, hn::Sub(hn::LoadU(d, p), now), kSlack);
      if constexpr (masked) x = hn::IfThenElseZero(visible(head, at, i, c), x);
      total = hn::Add(total, x);
      hn::StoreU(x, d, p);
    }
    hn::StoreU(now, d, most);
    hn::StoreU(total, d, sum);
  }
}

void drop(const Head& head, const Place& at, float* weights) {
  const Floats d;
  for (int64_t c = at.column; c < at.column + at.columns; c += simd::lanes()) {
    const Hashes queries = query_hashes(head.dropout, at, c);
    for (int64_t i = 0; i < at.rows; ++i) {
      float* p = weights + i * kTile + c;
      hn::StoreU(hn::Mul(hn::LoadU(d, p), kept_of(head.dropout, at, queries, i)), d, p);
    }
  }
}

void forward(const Head& head, Workspace& work, const HeadResult& to) {
  const Floats d;
  float *y = work.y.data<float>(), *most = work.most.data<float>(), *sum = work.sum.data<float>();
  for (int64_t t0 = 0; t0 < head.length; t0 += kTile) {
    const int64_t count = std::min(kTile, head.length - t0);
    turn(head.q, t0, count, head.keys, head.scale, work.q.data<float>());
    if (head.position_q) turn(head.position_q, t0, count, head.keys, head.scale, work.position_q.data<float>());
    std::fill_n(y, head.values * kTile, 0.0f);
    std::fill_n(most, kTile, kUnseen);
    std::fill_n(sum, kTile, 0.0f);
    each_place(head, t0, [&](const Place& at) HWY_ATTR {
      tile_scores(head, at, work);
      if (all_visible(head, at)) online_softmax<false>(head, at, work);
      else online_softmax<true>(head, at, work);
      if (head.dropout.below > 0) drop(head, at, work.scores.data<float>());
      const float* weights = work.scores.data<float>() + at.column;
      tile::product({{head.v + at.s0 * head.values, 1, head.values, weights, kTile, at.rows}}, head.values, at.columns,
                    {y + at.column, kTile, true});
    });
    for (int64_t c = 0; c < kTile; c += simd::lanes()) {
      const V total = hn::LoadU(d, sum + c), by = hn::Div(hn::Set(d, 1.0f), total);
      for (int64_t k = 0; k < head.values; ++k) {
        float* p = y + k * kTile + c;
        hn::StoreU(hn::Mul(hn::LoadU(d, p), by), d, p);
      }
      hn::StoreU(hn::Add(hn::LoadU(d, most + c), vmath::log(d, total)), d, most + c);
    }
    tile::transpose(y, kTile, head.values, count, to.y.at(0, t0), to.y.position);
    for (int64_t t = 0; t < count; ++t) *to.log_sum.at(0, t0 + t) = most[t];
  }
}

}  // namespace mlrun::kernels::attention_tiles::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mlrun::kernels::attention_tiles {

HWY_EXPORT(forward);

void forward(const Head& head, Workspace& work, const HeadResult& to) { HWY_DYNAMIC_DISPATCH(forward)(head, work, to); }

}  // namespace mlrun::kernels::attention_tiles
#endif
