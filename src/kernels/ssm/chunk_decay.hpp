// Matrix-valued states that decay: linear attention (a = 1), RetNet (a constant of each head), RWKV-like decays of each
// head, and the state-space dual form of Mamba-2 (Dao & Gu 2024, section 6). For each head, with S [keys, values]:
//
//   S_t = a_t S_{t-1} + w_t k_t v_t^T,   y_t = S_t^T q_t + d v_t
//
// computed in chunks of positions: inside a chunk Y = (Q K^T * mask) V with mask[t, s] = a_{s+1} ... a_t for s <= t,
// between chunks the state is handed over. That is linear in the length, and nearly all of it is matrix products. The
// decays come as log a <= 0, and only differences of their sums are exponentiated, so that no decay is too strong.
#pragma once

#include <cstdint>

#include "kernels/ssm/sequence_rows.hpp"

namespace mlrun::kernels {

// Heads [group * heads / groups ..] share the queries and keys of their group.
struct DecayShape {
  int64_t sequences = 0, length = 0;
  int64_t groups = 1, heads = 1;  // groups divide heads
  int64_t keys = 0, values = 0;   // of a head
  int64_t heads_per_group() const { return heads / groups; }
  int64_t border_count() const;  // numbers of the states between chunks
};

struct DecayInputs {
  SequenceRows<const float> q, k;       // rows [groups, keys]
  SequenceRows<const float> v;          // rows [heads, values]
  SequenceRows<const float> log_decay;  // rows [heads]; null: a = 1
  SequenceRows<const float> weight;     // rows [heads]; null: w = 1
  const float* skip = nullptr;          // d [heads]; null: 0
};

// y: rows [heads, values]. borders: shape.border_count() numbers for chunk_decay_gradient, or null.
void chunk_decay(const DecayShape& shape, const DecayInputs& in, SequenceRows<float> y, float* borders);

// Rows like the inputs, which are overwritten. log_decay and weight may be null, and skip, which is added to.
struct DecayGradients {
  SequenceRows<float> q, k, v, log_decay, weight;
  float* skip = nullptr;
};
// From y and the borders of the forward pass. What is inside a chunk is computed again, not kept.
//
// The gradient of log a needs no product of its own: of what a position gives and takes,
//   d log a_t = sum over t' >= t of (dy_t' y_t' - dv_t' v_t'), skip left out,
// which is summed from the end of each chunk, where it is the product of the state with its gradient.
void chunk_decay_gradient(const DecayShape& shape, const DecayInputs& in, SequenceRows<const float> y,
                          SequenceRows<const float> dy, const float* borders, const DecayGradients& to);

// One position of one sequence, on state [heads, keys, values], which begins as zeros.
struct DecayStep {
  const float *q = nullptr, *k = nullptr, *v = nullptr;                  // as the rows above
  const float *log_decay = nullptr, *weight = nullptr, *skip = nullptr;  // [heads], or null
};
void decay_step(const DecayShape& shape, const DecayStep& in, float* state, float* y);

}  // namespace mlrun::kernels
