#include "kernels/attention/attention_cache.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "kernels/profile.hpp"
#include "kernels/vector/elementwise.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/attention/attention_cache.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
//
#include "kernels/vector/simd.hpp"
#include "kernels/vector/vector_math.hpp"

HWY_BEFORE_NAMESPACE();
namespace mlrun::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
using simd::Floats;
using simd::V;

// scores[s] = q . (column s of k [keys, kCachePanel]), for a whole panel: 4 vectors at a time, which divide it.
void panel_scores(const float* q, const float* k, int64_t keys, float* scores) {
  const Floats d;
  const int64_t n = simd::lanes();
  for (int64_t s = 0; s < kCachePanel; s += 4 * n) {
    V sums[4] = {hn::Zero(d), hn::Zero(d), hn::Zero(d), hn::Zero(d)};
    const float* column = k + s;
    for (int64_t i = 0; i < keys; ++i, column += kCachePanel) {
      const V x = hn::Set(d, q[i]);
#pragma GCC unroll 4
      for (int64_t j = 0; j < 4; ++j) sums[j] = hn::MulAdd(x, hn::LoadU(d, column + j * n), sums[j]);
    }
#pragma GCC unroll 4
    for (int64_t j = 0; j < 4; ++j) hn::StoreU(sums[j], d, scores + s + j * n);
  }
}

// y += sum over s < count of w[s] v[s, :], for the vector of y that begins with column c.
template <bool whole>
HWY_INLINE void add_column(const float* w, const float* v, int64_t count, int64_t values, int64_t valid, float* y) {
  const Floats d;
  const auto row = [&](int64_t s) HWY_ATTR {
    if constexpr (whole) return hn::LoadU(d, v + s * values);
    else return simd::load_some(v + s * values, valid);
  };
  V sums[4] = {simd::load(y, valid), hn::Zero(d), hn::Zero(d), hn::Zero(d)};
  int64_t s = 0;
  for (; s + 4 <= count; s += 4) {
#pragma GCC unroll 4
    for (int64_t j = 0; j < 4; ++j) sums[j] = hn::MulAdd(hn::Set(d, w[s + j]), row(s + j), sums[j]);
  }
  for (; s < count; ++s) sums[0] = hn::MulAdd(hn::Set(d, w[s]), row(s), sums[0]);
  simd::store(hn::Add(hn::Add(sums[0], sums[1]), hn::Add(sums[2], sums[3])), y, valid);
}

void add_values(const float* w, const float* v, int64_t count, int64_t values, float* y) {
  simd::each_vector(values, [&](int64_t c, int64_t valid) HWY_ATTR {
    if (valid == simd::lanes()) add_column<true>(w, v + c, count, values, valid, y + c);
    else add_column<false>(w, v + c, count, values, valid, y + c);
  });
}

// scores become exp(scores - the greatest); their sum.
float weights_of(float* scores, int64_t count) {
  const Floats d;
  const V most = hn::Set(d, simd::max(scores, count));
  simd::map(scores, scores, count, [&](V x) HWY_ATTR { return vmath::exp_nonpositive(d, hn::Sub(x, most)); });
  return static_cast<float>(simd::sum(scores, count));
}

float short_dot(const float* a, const float* b, int64_t count) { return static_cast<float>(simd::dot(a, b, count)); }

}  // namespace mlrun::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mlrun::kernels {

HWY_EXPORT(panel_scores);
HWY_EXPORT(add_values);
HWY_EXPORT(weights_of);
HWY_EXPORT(short_dot);

namespace {

constexpr float kUnseen = -1e30f;  // below every score

}  // namespace

AttentionCache::AttentionCache(const AttentionShape& shape, AttentionWeights weights)
    : shape_(shape), weights_(weights), query_({1, shape.keys}) {
  const auto strides = [](const Reach& r) { return r.stride > 1; };
  require(weights == AttentionWeights::kSoftmax || std::none_of(shape.reach.begin(), shape.reach.end(), strides),
          "squared relu of scores, and a stride");
  for (int64_t h = 0; h < shape.heads; ++h) {
    const int64_t farthest = shape.reach_of(h).farthest();
    farthest_ = farthest == 0 || (h > 0 && farthest_ == 0) ? 0 : std::max(farthest_, farthest);
  }
}

const float* AttentionCache::keys_of(int64_t panel, int64_t sequence, int64_t head) const {
  const int64_t group = sequence * shape_.groups + head / shape_.heads_per_group();
  return keys_[static_cast<size_t>(panel)].data<float>() + group * shape_.keys * kCachePanel;
}
const float* AttentionCache::values_of(int64_t panel, int64_t sequence, int64_t head) const {
  const int64_t group = sequence * shape_.groups + head / shape_.heads_per_group();
  return values_[static_cast<size_t>(panel)].data<float>() + group * kCachePanel * shape_.values;
}

// Panels that no head reaches any more, from here or from the mark, are used again.
void AttentionCache::append(const float* k_rows, const float* v_rows) {
  const int64_t n = shape_.sequences, groups = shape_.groups, keys = shape_.keys, values = shape_.values;
  const int64_t here = position_ - (kCacheQueries - 1), earliest = mark_ >= 0 ? std::min(mark_, here) : here;
  if (farthest_ > 0 && earliest - first_ >= kCachePanel + farthest_) {
    std::rotate(keys_.begin(), keys_.begin() + 1, keys_.end());
    std::rotate(values_.begin(), values_.begin() + 1, values_.end());
    first_ += kCachePanel;
  }
  if (position_ - first_ == static_cast<int64_t>(keys_.size()) * kCachePanel) {
    keys_.push_back(Tensor::zeros({n, groups, keys, kCachePanel}));
    values_.push_back(Tensor({n, groups, kCachePanel, values}));
  }
  const auto panel = static_cast<size_t>((position_ - first_) / kCachePanel);
  const int64_t at = (position_ - first_) % kCachePanel;
  float *k = keys_[panel].data<float>(), *v = values_[panel].data<float>();
  for (int64_t i = 0; i < n * groups; ++i) {
    for (int64_t j = 0; j < keys; ++j) k[(i * keys + j) * kCachePanel + at] = k_rows[i * keys + j];
    std::copy_n(v_rows + i * values, values, v + (i * kCachePanel + at) * values);
  }
  ++position_;
}

void AttentionCache::rewind(int64_t kept) {
  require(mark_ >= 0 && mark_ + kept <= position_, "a cache of {} positions that goes back to {}", position_,
          mark_ + kept);
  position_ = mark_ + kept;
}

// The scores of the positions that each query sees.
void AttentionCache::score(const AttentionStretch& in, const std::vector<Query>& queries, int64_t sequence,
                           int64_t head) {
  const int64_t keys = shape_.keys, stride = shape_.reach_of(head).stride;
  float* scaled = query_.data<float>();
  for (size_t b = 0; b < queries.size(); ++b) {
    const float* q = in.q + ((queries[b].row * shape_.sequences + sequence) * shape_.heads + head) * keys;
    for (int64_t j = 0; j < keys; ++j) scaled[static_cast<int64_t>(b) * keys + j] = shape_.scale * q[j];
  }
  const int64_t last = (queries.back().position - first_) / kCachePanel;
  for (int64_t p = (queries.front().least - first_) / kCachePanel; p <= last; ++p) {
    const float* panel = keys_of(p, sequence, head);
    for (size_t b = 0; b < queries.size(); ++b) {
      const Query& query = queries[b];
      if ((query.least - first_) / kCachePanel > p || (query.position - first_) / kCachePanel < p) continue;
      HWY_DYNAMIC_DISPATCH(panel_scores)
      (scaled + static_cast<int64_t>(b) * keys, panel, keys, query.scores + p * kCachePanel);
    }
  }
  for (const Query& query : queries) {
    const int64_t t = query.position, row = (query.row * shape_.sequences + sequence) * shape_.heads + head;
    float* scores = query.scores;
    for (int64_t s = query.least; in.bias && s <= t; ++s) scores[s - first_] += in.bias[(t - s) * shape_.heads + head];
    for (int64_t s = query.least; in.position_keys && s <= t; ++s) {
      const float* a = in.position_keys + ((t - s) * shape_.heads + head) * keys;
      scores[s - first_] += shape_.scale * HWY_DYNAMIC_DISPATCH(short_dot)(in.position_q + row * keys, a, keys);
    }
    for (int64_t s = query.least; in.position_queries && s <= t; ++s) {
      const float* b = in.position_queries + ((t - s) * shape_.heads + head) * keys;
      const float* k = keys_of((s - first_) / kCachePanel, sequence, head) + (s - first_) % kCachePanel;
      float sum = 0;
      for (int64_t j = 0; j < keys; ++j) sum += k[j * kCachePanel] * b[j];
      scores[s - first_] += shape_.scale * sum;
    }
    for (int64_t s = query.least; stride > 1 && s <= t; ++s) {
      if ((t - s) % stride != 0) scores[s - first_] = kUnseen;
    }
  }
}

// Scores become weights, up to a factor: what their sum of values is to be divided by.
float AttentionCache::weigh(float* scores, int64_t count) const {
  if (weights_ == AttentionWeights::kSoftmax) return HWY_DYNAMIC_DISPATCH(weights_of)(scores, count);
  apply(Function::kSquaredRelu, scores, scores, count);
  return static_cast<float>(count);
}

// y [length, sequences, heads, values] of the queries' rows: the values that their scores, which are weights by now, ask
// for.
void AttentionCache::add_values_of(const std::vector<Query>& queries, int64_t sequence, int64_t head, float* y) const {
  const int64_t values = shape_.values;
  const int64_t last = (queries.back().position - first_) / kCachePanel;
  for (int64_t p = (queries.front().least - first_) / kCachePanel; p <= last; ++p) {
    const float* panel = values_of(p, sequence, head);
    for (const Query& query : queries) {
      const int64_t from = std::max(query.least - first_, p * kCachePanel),
                    upto = std::min(query.position - first_ + 1, (p + 1) * kCachePanel);
      if (from >= upto) continue;
      HWY_DYNAMIC_DISPATCH(add_values)
      (query.scores + from, panel + from % kCachePanel * values, upto - from, values,
       y + ((query.row * shape_.sequences + sequence) * shape_.heads + head) * values);
    }
  }
}

void AttentionCache::extend(const AttentionStretch& in, float* y) {
  const profile::Scope scope("attention step", "own", 0, 0);
  const int64_t n = shape_.sequences, of_keys = n * shape_.groups * shape_.keys,
                of_values = n * shape_.groups * shape_.values, values = shape_.values;
  if (query_.dim(0) < std::min(in.length, kCacheQueries)) query_ = Tensor({kCacheQueries, shape_.keys});
  std::fill_n(y, in.length * n * shape_.heads * values, 0.0f);
  std::vector<Query> queries;
  std::vector<float> sums;
  for (int64_t begin = 0; begin < in.length; begin += kCacheQueries) {
    const int64_t end = std::min(in.length, begin + kCacheQueries), before = position_;
    for (int64_t row = begin; row < end; ++row) append(in.k + row * of_keys, in.v + row * of_values);
    const size_t room = keys_.size() * static_cast<size_t>(kCachePanel);
    if (scores_.size() < room * static_cast<size_t>(end - begin))
      scores_.resize(room * static_cast<size_t>(end - begin));
    for (int64_t i = 0; i < n; ++i) {
      for (int64_t h = 0; h < shape_.heads; ++h) {
        const Reach reach = shape_.reach_of(h);
        queries.clear();
        for (int64_t row = begin; row < end; ++row) {
          const int64_t t = before + row - begin;
          queries.push_back(
              {row, t, std::max(first_, reach.earliest(t)), scores_.data() + static_cast<size_t>(row - begin) * room});
        }
        score(in, queries, i, h);
        sums.clear();
        for (const Query& query : queries) {
          sums.push_back(weigh(query.scores + (query.least - first_), query.position - query.least + 1));
        }
        add_values_of(queries, i, h, y);
        for (size_t b = 0; b < queries.size(); ++b) {
          float* result = y + ((queries[b].row * n + i) * shape_.heads + h) * values;
          for (int64_t k = 0; k < values; ++k) result[k] /= sums[b];
        }
      }
    }
  }
}

}  // namespace mlrun::kernels
#endif
