#include "kernels/ssm/chunk_decay_parts.hpp"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/ssm/chunk_decay_parts.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
//
#include "kernels/ssm/chunk_decay.hpp"
#include "kernels/vector/simd.hpp"
#include "kernels/vector/vector_math.hpp"

HWY_BEFORE_NAMESPACE();
namespace mlrun::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
using decay::Block;
using decay::Finish;
using decay::kChunk;
using simd::Floats;
using simd::V;

void decay_sums(const Block& block, Rows<const float> log_decay, float* sum, float* so_far, float* to_end) {
  const Floats d;
  for (int64_t h = 0; h < block.heads; ++h, sum += 2 * kChunk, so_far += kChunk, to_end += kChunk) {
    float* rest = sum + kChunk;
    double total = 0;
    for (int64_t t = 0; t < block.count; ++t) {
      total += static_cast<double>(log_decay.row(t)[h]);
      sum[t] = static_cast<float>(total);
      rest[t] = static_cast<float>(total - static_cast<double>(sum[t]));
    }
    const V end = hn::Set(d, sum[block.count - 1]), end_rest = hn::Set(d, rest[block.count - 1]);
    simd::map(sum, so_far, block.count, [d](V x) HWY_ATTR { return vmath::exp(d, x); });
    simd::map(sum, rest, to_end, block.count, [d, end, end_rest](V x, V r) HWY_ATTR {
      return vmath::exp(d, hn::Add(hn::Sub(end, x), hn::Sub(end_rest, r)));
    });
  }
}

void scale(const Block& block, Rows<const float> x, const float* first, const float* second, Rows<float> y) {
  const Floats d;
  for (int64_t t = 0; t < block.count; ++t) {
    for (int64_t h = 0; h < block.heads; ++h) {
      const float* from = x.row(t) + h * block.values;
      float* to = y.row(t) + h * block.values;
      const V a = hn::Set(d, (first ? first[h * kChunk + t] : 1.0f) * (second ? second[h * kChunk + t] : 1.0f));
      simd::map(from, to, block.values, [a](V v) HWY_ATTR { return hn::Mul(a, v); });
    }
  }
}

void skip_values(const Block& block, const float* skip, Rows<const float> v, Rows<float> y) {
  for (int64_t t = 0; t < block.count; ++t) {
    for (int64_t h = 0; h < block.heads; ++h) {
      const V b = hn::Set(Floats(), skip[h]);
      simd::map(v.row(t) + h * block.values, y.row(t) + h * block.values, block.values,
                [b](V x) HWY_ATTR { return hn::Mul(b, x); });
    }
  }
}

void scale_and_skip(const Block& block, const float* factor, const float* skip, Rows<const float> v, Rows<float> y) {
  const Floats d;
  for (int64_t t = 0; t < block.count; ++t) {
    for (int64_t h = 0; h < block.heads; ++h) {
      const float* from = v.row(t) + h * block.values;
      float* to = y.row(t) + h * block.values;
      const V a = hn::Set(d, factor ? factor[h * kChunk + t] : 1.0f);
      if (!skip) {
        simd::map(to, to, block.values, [a](V x) HWY_ATTR { return hn::Mul(a, x); });
        continue;
      }
      const V b = hn::Set(d, skip[h]);
      simd::map(to, from, to, block.values, [a, b](V x, V u) HWY_ATTR { return hn::MulAdd(a, x, hn::Mul(b, u)); });
    }
  }
}

// Row t of a head's mask: f(s, valid, exp(sum[t] - sum[s]), with 0 for s > t) for the vectors that reach no further
// than t; zero(s, valid) for those behind. Decays are skipped where sum is null.
template <class F, class Zero>
HWY_INLINE void mask_row(int64_t t, int64_t count, const float* sum, F f, Zero zero) {
  const Floats d;
  const int64_t n = simd::lanes();
  const V here = hn::Set(d, sum ? sum[t] : 0.0f), rest = hn::Set(d, sum ? sum[kChunk + t] : 0.0f);
  const V one = hn::Set(d, 1.0f);
  for (int64_t s = 0; s < count; s += n) {
    const int64_t valid = std::min(n, count - s);
    if (s > t) {
      zero(s, valid);
      continue;
    }
    V mass = one;
    if (sum) {
      const V between = hn::Sub(here, simd::load(sum + s, valid));
      mass = vmath::exp_nonpositive(d, hn::Add(between, hn::Sub(rest, simd::load(sum + kChunk + s, valid))));
    }
    if (s + n > t + 1) mass = hn::IfThenElseZero(hn::FirstN(d, static_cast<size_t>(t + 1 - s)), mass);
    f(s, valid, mass);
  }
}

void mask_scores(const Block& block, int64_t heads_per_group, const float* sum, const float* scores, float* w) {
  const int64_t count = block.count;
  for (int64_t h = 0; h < block.heads; ++h) {
    const float* from = scores + h / heads_per_group * count * count;
    const float* decays = sum ? sum + h * 2 * kChunk : nullptr;
    for (int64_t t = 0; t < count; ++t, from += count, w += count) {
      mask_row(
          t, count, decays,
          [=](int64_t s, int64_t valid, V mass)
              HWY_ATTR { simd::store(hn::Mul(mass, simd::load(from + s, valid)), w + s, valid); },
          [=](int64_t s, int64_t valid) HWY_ATTR { simd::store(hn::Zero(Floats()), w + s, valid); });
    }
  }
}

void mask_scores_gradient(const Block& block, int64_t heads_per_group, const float* sum, const float* scores,
                          const float* d_w, float* w, float* d_scores) {
  const int64_t count = block.count;
  for (int64_t h = 0; h < block.heads; ++h) {
    const int64_t group = h / heads_per_group;
    const bool first = h % heads_per_group == 0;
    const float* from = scores + group * count * count;
    float* to = d_scores + group * count * count;
    const float* decays = sum ? sum + h * 2 * kChunk : nullptr;
    for (int64_t t = 0; t < count; ++t, from += count, to += count, w += count, d_w += count) {
      mask_row(
          t, count, decays,
          [=](int64_t s, int64_t valid, V mass) HWY_ATTR {
            simd::store(hn::Mul(mass, simd::load(from + s, valid)), w + s, valid);
            const V added = hn::Mul(mass, simd::load(d_w + s, valid));
            simd::store(first ? added : hn::Add(added, simd::load(to + s, valid)), to + s, valid);
          },
          [=](int64_t s, int64_t valid) HWY_ATTR {
            simd::store(hn::Zero(Floats()), w + s, valid);
            if (first) simd::store(hn::Zero(Floats()), to + s, valid);
          });
    }
  }
}

void finish_gradient(const Block& block, const Finish& f) {
  const Floats d;
  for (int64_t h = 0; h < block.heads; ++h) {
    const V skip = hn::Set(d, f.skip ? f.skip[h] : 0.0f);
    double d_skip = 0;
    for (int64_t t = 0; t < block.count; ++t) {
      const int64_t at = h * block.values, factor = h * kChunk + t;
      const float *v = f.v.row(t) + at, *y = f.y.row(t) + at, *dy = f.dy.row(t) + at, *dx = f.dx.row(t) + at;
      float* dv = f.dv.row(t) + at;
      const float weight = f.weight ? f.weight[factor] : 1.0f;
      const V by = hn::Set(d, weight);
      V v_dx = hn::Zero(d), v_dy = hn::Zero(d), y_dy = hn::Zero(d);
      simd::each_vector(block.values, [&](int64_t k, int64_t valid) HWY_ATTR {
        const V a = simd::load(v + k, valid), b = simd::load(dx + k, valid), c = simd::load(dy + k, valid);
        v_dx = hn::MulAdd(a, b, v_dx);
        v_dy = hn::MulAdd(a, c, v_dy);
        y_dy = hn::MulAdd(hn::NegMulAdd(skip, a, simd::load(y + k, valid)), c, y_dy);
        simd::store(hn::MulAdd(by, b, hn::Mul(skip, c)), dv + k, valid);
      });
      const float d_weight = hn::GetLane(hn::SumOfLanes(d, v_dx));
      f.d_weight[factor] = d_weight;
      f.change[factor] = hn::GetLane(hn::SumOfLanes(d, hn::NegMulAdd(by, v_dx, y_dy)));
      if (f.d_skip) d_skip += static_cast<double>(hn::GetLane(hn::SumOfLanes(d, v_dy)));
    }
    if (f.d_skip) f.d_skip[h] += static_cast<float>(d_skip);
  }
}

void scale_state(const Block& block, int64_t heads_per_group, int64_t keys, const float* factor, const float* from,
                 float* to) {
  const Floats d;
  for (int64_t g = 0; g < block.heads; g += heads_per_group) {
    for (int64_t n = 0; n < keys; ++n) {
      for (int64_t h = g; h < g + heads_per_group; ++h, from += block.values, to += block.values) {
        const V a = hn::Set(d, factor ? factor[h * kChunk + block.count - 1] : 1.0f);
        simd::map(from, to, block.values, [a](V x) HWY_ATTR { return hn::Mul(a, x); });
      }
    }
  }
}

void state_dots(const Block& block, int64_t heads_per_group, int64_t keys, const float* a, const float* b,
                float* dots) {
  const Floats d;
  const int64_t row = heads_per_group * block.values;
  for (int64_t h = 0; h < block.heads; ++h) {
    const int64_t at = h / heads_per_group * keys * row + h % heads_per_group * block.values;
    double sum = 0;
    for (int64_t n = 0; n < keys; ++n) {
      V products = hn::Zero(d);
      simd::each_vector(block.values, [&](int64_t k, int64_t valid) HWY_ATTR {
        const int64_t i = at + n * row + k;
        products = hn::MulAdd(simd::load(a + i, valid), simd::load(b + i, valid), products);
      });
      sum += static_cast<double>(hn::GetLane(hn::SumOfLanes(d, products)));
    }
    dots[h] = static_cast<float>(sum);
  }
}

// One step of `together` whole vectors of values, whose sums do not wait for one another.
template <int together>
HWY_INLINE void step_columns(const float* q, const float* k, int64_t keys, V a, V w, V skip, const float* v, float* s,
                             int64_t row, float* y) {
  const Floats d;
  const int64_t lanes = simd::lanes();
  V added[together], sums[together];
#pragma GCC unroll 4
  for (int j = 0; j < together; ++j) {
    const V x = hn::LoadU(d, v + j * lanes);
    added[j] = hn::Mul(w, x);
    sums[j] = hn::Mul(skip, x);
  }
  for (int64_t n = 0; n < keys; ++n, s += row) {
    const V key = hn::Set(d, k[n]), query = hn::Set(d, q[n]);
#pragma GCC unroll 4
    for (int j = 0; j < together; ++j) {
      const V now = hn::MulAdd(a, hn::LoadU(d, s + j * lanes), hn::Mul(key, added[j]));
      hn::StoreU(now, d, s + j * lanes);
      sums[j] = hn::MulAdd(query, now, sums[j]);
    }
  }
#pragma GCC unroll 4
  for (int j = 0; j < together; ++j) hn::StoreU(sums[j], d, y + j * lanes);
}

void decay_step(const DecayShape& shape, const DecayStep& in, const float* decay, float* state, float* y) {
  const Floats d;
  const int64_t keys = shape.keys, values = shape.values;
  for (int64_t h = 0; h < shape.heads; ++h, state += keys * values) {
    const float *q = in.q + h / shape.heads_per_group() * keys, *k = in.k + h / shape.heads_per_group() * keys;
    const float* v = in.v + h * values;
    const V a = hn::Set(d, decay[h]), w = hn::Set(d, in.weight ? in.weight[h] : 1.0f),
            skip = hn::Set(d, in.skip ? in.skip[h] : 0.0f);
    const int64_t four = 4 * simd::lanes();
    int64_t whole = 0;
    for (; whole + four <= values; whole += four)
      step_columns<4>(q, k, keys, a, w, skip, v + whole, state + whole, values, y + h * values + whole);
    simd::each_vector(values - whole, [&](int64_t rest, int64_t valid) HWY_ATTR {
      const int64_t p = whole + rest;
      const V x = simd::load(v + p, valid), added = hn::Mul(w, x);
      V sum = hn::Mul(skip, x);
      float* s = state + p;
      for (int64_t n = 0; n < keys; ++n, s += values) {
        const V now = hn::MulAdd(a, simd::load(s, valid), hn::Mul(hn::Set(d, k[n]), added));
        simd::store(now, s, valid);
        sum = hn::MulAdd(hn::Set(d, q[n]), now, sum);
      }
      simd::store(sum, y + h * values + p, valid);
    });
  }
}

}  // namespace mlrun::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include <cmath>
#include <vector>

namespace mlrun::kernels {

HWY_EXPORT(decay_step);

void decay_step(const DecayShape& shape, const DecayStep& in, float* state, float* y) {
  std::vector<float> decay(static_cast<size_t>(shape.heads), 1.0f);
  for (size_t h = 0; in.log_decay && h < decay.size(); ++h) decay[h] = std::exp(in.log_decay[h]);
  HWY_DYNAMIC_DISPATCH(decay_step)(shape, in, decay.data(), state, y);
}

namespace decay {

HWY_EXPORT(decay_sums);
HWY_EXPORT(scale);
HWY_EXPORT(skip_values);
HWY_EXPORT(scale_and_skip);
HWY_EXPORT(mask_scores);
HWY_EXPORT(mask_scores_gradient);
HWY_EXPORT(finish_gradient);
HWY_EXPORT(scale_state);
HWY_EXPORT(state_dots);

void decay_sums(const Block& block, Rows<const float> log_decay, float* sum, float* so_far, float* to_end) {
  HWY_DYNAMIC_DISPATCH(decay_sums)(block, log_decay, sum, so_far, to_end);
}
void scale(const Block& block, Rows<const float> x, const float* first, const float* second, Rows<float> y) {
  HWY_DYNAMIC_DISPATCH(scale)(block, x, first, second, y);
}
void skip_values(const Block& block, const float* skip, Rows<const float> v, Rows<float> y) {
  HWY_DYNAMIC_DISPATCH(skip_values)(block, skip, v, y);
}
void scale_and_skip(const Block& block, const float* factor, const float* skip, Rows<const float> v, Rows<float> y) {
  HWY_DYNAMIC_DISPATCH(scale_and_skip)(block, factor, skip, v, y);
}
void mask_scores(const Block& block, int64_t heads_per_group, const float* sum, const float* scores, float* w) {
  HWY_DYNAMIC_DISPATCH(mask_scores)(block, heads_per_group, sum, scores, w);
}
void mask_scores_gradient(const Block& block, int64_t heads_per_group, const float* sum, const float* scores,
                          const float* d_w, float* w, float* d_scores) {
  HWY_DYNAMIC_DISPATCH(mask_scores_gradient)(block, heads_per_group, sum, scores, d_w, w, d_scores);
}
void finish_gradient(const Block& block, const Finish& finish) { HWY_DYNAMIC_DISPATCH(finish_gradient)(block, finish); }
void scale_state(const Block& block, int64_t heads_per_group, int64_t keys, const float* factor, const float* from,
                 float* to) {
  HWY_DYNAMIC_DISPATCH(scale_state)(block, heads_per_group, keys, factor, from, to);
}
void state_dots(const Block& block, int64_t heads_per_group, int64_t keys, const float* a, const float* b,
                float* dots) {
  HWY_DYNAMIC_DISPATCH(state_dots)(block, heads_per_group, keys, a, b, dots);
}

}  // namespace decay
}  // namespace mlrun::kernels
#endif
