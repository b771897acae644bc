// Attention from one position to the next: keys and values of the positions so far are kept (a KV cache), as far back as
// a head sees. The same sums as kernels/attention/attention.hpp, in another order.
//
// Positions are kept in panels: keys turned, so that a vector holds the scores of as many positions. A stretch of
// positions goes over each panel together, which then stays in the L1 cache, and in the order of sums of one alone.
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "kernels/attention/attention.hpp"
#include "tensor/tensor.hpp"

namespace mlrun::kernels {

// `length` positions of every sequence: all sequences of the first, then of the next.
struct AttentionStretch {
  int64_t length = 1;
  // [length, sequences, heads * keys], [length, sequences, groups * ..] twice
  const float *q = nullptr, *k = nullptr, *v = nullptr;
  // By distance, for distances 0 .. the last position at least; each null where attention has none.
  const float* bias = nullptr;              // [distance, heads]
  const float* position_q = nullptr;        // [length, sequences, heads * keys]
  const float* position_keys = nullptr;     // [distance, heads, keys]
  const float* position_queries = nullptr;  // [distance, heads, keys]
};

// What scores become over the positions that a query sees.
enum class AttentionWeights : uint8_t {
  kSoftmax,
  kSquaredRelu,  // max(score, 0)^2 over the number of those positions (Hua et al. 2022)
};

class AttentionCache {
 public:
  // The shape's length means nothing here.
  explicit AttentionCache(const AttentionShape& shape, AttentionWeights weights = AttentionWeights::kSoftmax);
  // The next positions: y [length, sequences, heads * values]. A sequence's bits depend neither on those beside it nor on
  // how its positions are cut into stretches.
  void extend(const AttentionStretch& in, float* y);
  int64_t position() const { return position_; }  // that comes next
  // Remembers the position; rewind() forgets those behind the `kept` that followed the last one remembered.
  void mark() { mark_ = position_; }
  void rewind(int64_t kept = 0);

 private:
  struct Query {  // of a stretch, and what it sees
    int64_t row = 0, position = 0, least = 0;
    float* scores = nullptr;  // from position first_ on
  };
  void append(const float* k, const float* v);
  void score(const AttentionStretch& in, const std::vector<Query>& queries, int64_t sequence, int64_t head);
  float weigh(float* scores, int64_t count) const;
  void add_values_of(const std::vector<Query>& queries, int64_t sequence, int64_t head, float* y) const;
  const float* keys_of(int64_t panel, int64_t sequence, int64_t head) const;
  const float* values_of(int64_t panel, int64_t sequence, int64_t head) const;

  AttentionShape shape_;
  AttentionWeights weights_;
  int64_t position_ = 0, first_ = 0;  // first_: position of the first panel's first row
  int64_t mark_ = -1;                 // to which it may go back; -1: nowhere
  int64_t farthest_ = 0;              // positions that some head sees; 0: all
  std::deque<Tensor> keys_, values_;  // panels [sequences, groups, keys, kCachePanel], [.., kCachePanel, values]
  std::vector<float> scores_;
  Tensor query_;
};

inline constexpr int64_t kCachePanel = 64;    // positions
inline constexpr int64_t kCacheQueries = 16;  // of a stretch that go over a panel together

}  // namespace mlrun::kernels
