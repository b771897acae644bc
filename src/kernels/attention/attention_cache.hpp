// Attention one position at a time: keys and values of the positions so far are kept (a KV cache), as far back as a
// head sees. The same sums as kernels/attention/attention.hpp, in another order.
//
// Positions are kept in panels: keys turned, so that a vector holds the scores of as many positions.
#pragma once

#include <cstdint>
#include <deque>

#include "kernels/attention/attention.hpp"
#include "tensor/tensor.hpp"

namespace mlrun::kernels {

// One position of every sequence: rows side by side.
struct AttentionStep {
  const float *q = nullptr, *k = nullptr, *v = nullptr;  // [sequences, heads * keys], [sequences, groups * ..] twice
  // By distance, for distances 0 .. the position at least; each null where attention has none.
  const float* bias = nullptr;              // [distance, heads]
  const float* position_q = nullptr;        // [sequences, heads * keys]
  const float* position_keys = nullptr;     // [distance, heads, keys]
  const float* position_queries = nullptr;  // [distance, heads, keys]
};

class AttentionCache {
 public:
  explicit AttentionCache(const AttentionShape& shape);  // its length means nothing here
  // The next position: y [sequences, heads * values]. A sequence's bits do not depend on those beside it.
  void step(const AttentionStep& in, float* y);
  int64_t position() const { return position_; }  // that the next step is

 private:
  void append(const AttentionStep& in);
  void score(const AttentionStep& in, int64_t sequence, int64_t head, int64_t least);
  const float* keys_of(int64_t panel, int64_t sequence, int64_t head) const;
  const float* values_of(int64_t panel, int64_t sequence, int64_t head) const;

  AttentionShape shape_;
  int64_t position_ = 0, first_ = 0;  // first_: position of the first panel's first row
  int64_t farthest_ = 0;              // positions that some head sees; 0: all
  std::deque<Tensor> keys_, values_;  // panels [sequences, groups, keys, kCachePanel], [.., kCachePanel, values]
  Tensor scores_, query_;
};

inline constexpr int64_t kCachePanel = 64;  // positions

}  // namespace mlrun::kernels
