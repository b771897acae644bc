// Causal softmax attention in tiles (FlashAttention: Dao et al. 2022, algorithm 1; Dao 2023): no matrix of length x
// length is ever in memory, so memory is linear in the length, forward and backward.
//
//   score(t, s) = scale q_t . k_s + bias[t - s] + scale (p_t . a[t - s] + k_s . b[t - s])
//   w(t, .) = softmax over the visible s of score(t, .),   y_t = sum_s w(t, s) v_s
//
// Position t sees s <= t, or fewer (Reach). All that depends on where t and s are depends on their distance t - s, and
// is added inside a tile: a number for each head (ALiBi, T5), or a vector that the query (Shaw, Transformer-XL) or the
// key (DeBERTa) is multiplied by.
//
// The forward pass keeps the logarithm of each softmax's sum; the backward pass computes a tile's weights again from it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "base/random.hpp"
#include "kernels/ssm/sequence_rows.hpp"

namespace mlrun::kernels {

// What one head sees of the past: the positions t, t - stride, t - 2 stride ... , at most `window` of them (0: all), and
// none before the block of `block` positions that t is in (0: there are no blocks). A stride has no blocks.
struct Reach {
  int64_t window = 0;
  int64_t stride = 1;
  int64_t block = 0;
  int64_t earliest(int64_t t) const {
    const int64_t begin = block > 0 ? t / block * block : 0;
    return window > 0 ? std::max(begin, t - (window - 1) * stride) : begin;
  }
  int64_t farthest() const {  // positions that the least and the greatest one seen span, at most; 0: there is no limit
    return window > 0 ? window * stride : block;
  }
};

struct AttentionShape {
  int64_t sequences = 0, length = 0;
  int64_t heads = 1, groups = 1;  // heads [group * heads / groups ..] share keys and values; groups divide heads
  int64_t keys = 0, values = 0;   // of a head
  float scale = 1;
  std::vector<Reach> reach;  // of each head; empty: all of the past
  int64_t heads_per_group() const { return heads / groups; }
  Reach reach_of(int64_t head) const { return reach.empty() ? Reach{} : reach[static_cast<size_t>(head)]; }
  int64_t log_sum_count() const { return sequences * heads * length; }
};

struct AttentionInputs {
  SequenceRows<const float> q;                                // rows [heads, keys]
  SequenceRows<const float> k, v;                             // rows [groups, keys] and [groups, values]
  const float* bias = nullptr;                                // [heads, length], by distance; or null
  SequenceRows<const float> position_q;                       // p: rows [heads, keys]; or null
  const float* position_keys = nullptr;                       // a: [length, heads, keys], by distance; with position_q
  const float* position_queries = nullptr;                    // b: [length, heads, keys], by distance; or null
  float dropout = 0;                                          // of weights, by `noise`
  RandomStream noise = RandomStream(0, "attention dropout");  // a weight's mask depends on it and on its place
};

// y: rows [heads, values]. log_sum: shape.log_sum_count() numbers for attention_gradient.
void attention(const AttentionShape& shape, const AttentionInputs& in, SequenceRows<float> y, float* log_sum);

// Rows like the inputs, which are overwritten; what is by distance is added to. The optional ones are null where the
// input is.
struct AttentionGradients {
  SequenceRows<float> q, k, v;
  float* bias = nullptr;
  SequenceRows<float> position_q;
  float *position_keys = nullptr, *position_queries = nullptr;
};
void attention_gradient(const AttentionShape& shape, const AttentionInputs& in, SequenceRows<const float> y,
                        SequenceRows<const float> dy, const float* log_sum, const AttentionGradients& to);

}  // namespace mlrun::kernels
