// The parts of kernels/ssm/chunk_decay.hpp between its matrix products, for one chunk of one sequence and a block of
// heads.
#pragma once

#include <cstdint>

#include "kernels/rows.hpp"

namespace mlrun::kernels::decay {

// At most this many positions make a chunk.
inline constexpr int64_t kChunk = 64;

// `count` positions of `heads` heads with `values` numbers each. A factor is [heads, kChunk], or null for 1.
struct Block {
  int64_t count = 0, heads = 0, values = 0;
};

// From log a (a row of [heads] for every position): sum[h, t] = log a_0 + ... + log a_t, so_far = exp(sum), to_end =
// exp(sum at the end - sum). A sum is two floats, sum[h, 0, t] and what that is off by, sum[h, 1, t]: of large sums
// only the differences matter, and one float would have lost them.
void decay_sums(const Block& block, Rows<const float> log_decay, float* sum, float* so_far, float* to_end);

// y[t, h, :] = factor[h, t] x[t, h, :], and likewise times a second factor.
void scale(const Block& block, Rows<const float> x, const float* first, const float* second, Rows<float> y);
// y = skip[h] v.
void skip_values(const Block& block, const float* skip, Rows<const float> v, Rows<float> y);
// y = factor y + skip[h] v; without the second where skip is null.
void scale_and_skip(const Block& block, const float* factor, const float* skip, Rows<const float> v, Rows<float> y);

// The heads' masked scores: w[h, t, s] = scores[group of h, t, s] exp(sum[h, t] - sum[h, s]) for s <= t, and 0. All are
// [., count, count].
void mask_scores(const Block& block, int64_t heads_per_group, const float* sum, const float* scores, float* w);
// The same, and the gradient of the scores: d_scores[g] = sum over its heads of d_w[h] exp(..) for s <= t, and 0.
void mask_scores_gradient(const Block& block, int64_t heads_per_group, const float* sum, const float* scores,
                          const float* d_w, float* w, float* d_scores);

// The last part of the gradients at every position. `dx` is the gradient of w v.
struct Finish {
  Rows<const float> v, y, dy, dx;
  const float* weight = nullptr;  // factor
  const float* skip = nullptr;    // [heads]
  Rows<float> dv;                 // weight dx + skip dy
  float* d_weight = nullptr;      // [heads, kChunk]: v dx
  float* change = nullptr;        // [heads, kChunk]: (y - skip v) dy - weight d_weight
  float* d_skip = nullptr;        // [heads], added to: v dy; or null
};
void finish_gradient(const Block& block, const Finish& finish);

// States [groups, keys, heads_per_group * values]: to = from times factor[h, count - 1]. `to` may be `from`.
void scale_state(const Block& block, int64_t heads_per_group, int64_t keys, const float* factor, const float* from,
                 float* to);
// dots[h] = sum of a * b over the head's part of such states.
void state_dots(const Block& block, int64_t heads_per_group, int64_t keys, const float* a, const float* b, float* dots);

}  // namespace mlrun::kernels::decay
