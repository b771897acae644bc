// How kernels/ssm/chunk_decay.hpp goes over its sequences: blocks of heads whose states stay in L2, chunk after chunk.
#pragma once

#include <vector>

#include "kernels/product/lower_product.hpp"
#include "kernels/product/matmul.hpp"
#include "kernels/ssm/chunk_decay.hpp"
#include "kernels/ssm/chunk_decay_parts.hpp"
#include "tensor/tensor.hpp"

namespace mlrun::kernels::decay {

// Whole groups, or a part of the heads of one.
struct HeadBlock {
  int64_t group = 0, groups = 1, head = 0, heads = 1;
  bool continues = false;  // its group began in an earlier block
  int64_t heads_per_group() const { return heads / groups; }
};
std::vector<HeadBlock> head_blocks(const DecayShape& shape);

inline int64_t chunks_of(const DecayShape& shape) { return (shape.length + kChunk - 1) / kChunk; }
// Of products with scores: so many for each group, and so many for each head.
double lower_flops(const DecayShape& shape, int64_t of_groups, int64_t of_heads);

// One block of heads of one sequence, at one chunk at a time.
class Walk {
 public:
  Walk(const DecayShape& shape, const DecayInputs& in, const HeadBlock& heads);
  void start(int64_t sequence) { sequence_ = sequence; }
  void go_to(int64_t chunk);  // then what is below holds

  const Block& block() const { return block_; }
  Rows<const float> q() const { return rows(in_.q, heads_.group * shape_.keys); }
  Rows<const float> k() const { return rows(in_.k, heads_.group * shape_.keys); }
  Rows<const float> v() const { return rows(in_.v, heads_.head * shape_.values); }
  const float* skip() const { return in_.skip ? in_.skip + heads_.head : nullptr; }
  const float* weight() const { return in_.weight ? weight_.data<float>() : nullptr; }
  const float* sum() const { return in_.log_decay ? sum_.data<float>() : nullptr; }
  const float* so_far() const { return in_.log_decay ? so_far_.data<float>() : nullptr; }
  const float* to_end() const { return in_.log_decay ? to_end_.data<float>() : nullptr; }
  Rows<const float> weighted_values();  // w v
  Rows<const float> values_at_end();    // w v, decayed as far as the chunk's end
  template <class T>
  Rows<T> rows(const SequenceRows<T>& all, int64_t channel) const {
    return {all.at(sequence_, first_) + channel, all.position};
  }
  int64_t row() const { return block_.heads * block_.values; }  // numbers of all heads' values
  // Of the state after `chunk` among all borders. Error(kInternal) if there is none.
  int64_t border(int64_t chunk) const;

  // Products for each group of the block: queries or keys [count, keys] with values or states.
  void scores(float* to);                                                             // Q K^T [groups, count, count]
  void state_to_rows(Rows<const float> x, const float* state, Rows<float> to) const;  // to = X S
  void rows_to_state(Rows<const float> x, Rows<const float> values, float beta, float* state) const;  // S += X^T V
  void rows_to_keys(Rows<const float> values, const float* state, float beta, Rows<float> to) const;  // V S^T
  // Products for each head of the block: scores [heads, count, count] with values.
  void scores_times(const float* w, Transpose turned, Rows<const float> values, float beta, Rows<float> to) const;
  void scores_of(Rows<const float> a, Rows<const float> b, float* to);  // A B^T
  // Products for each group: scores [groups, count, count] with queries or keys.
  void scores_to_keys(const float* w, Transpose turned, Rows<const float> x, float beta, Rows<float> to) const;

 private:
  DecayShape shape_;
  DecayInputs in_;
  HeadBlock heads_;
  Block block_;
  int64_t sequence_ = 0, first_ = 0;
  Tensor sum_, so_far_, to_end_, weight_, weighted_, at_end_, turned_;
};

}  // namespace mlrun::kernels::decay
