// The delta rule (Schlag et al. 2021; Yang et al. 2024, "Parallelizing linear transformers with the delta rule"): a
// state S [keys, values] of each head that replaces what it holds for a key by a share b of what is new,
//
//   u_t = b_t (v_t - S_{t-1}^T k_t),   S_t = S_{t-1} + k_t u_t^T,   y_t = S_t^T q_t
//
// In chunks of positions (their section 3.2, the WY form): with S the state before a chunk and A the strictly lower
// part of K K^T, (I + diag(b) A) U = diag(b) (V - K S), Y = Q S + lower(Q K^T) U and S becomes S + K^T U. Nearly all of
// it is matrix products, and only the states between chunks are kept for the gradient.
#pragma once

#include <cstdint>

namespace mlrun::kernels {

struct DeltaShape {
  int64_t sequences = 0, length = 0, heads = 1;
  int64_t keys = 0, values = 0;  // of a head
  int64_t border_count() const;  // numbers of the states between chunks
};

// q and k [sequences, length, heads, keys], v and y [sequences, length, heads, values], share [sequences, length,
// heads].
struct DeltaInputs {
  const float *q = nullptr, *k = nullptr, *v = nullptr, *share = nullptr;
};
// borders: shape.border_count() numbers for delta_rule_gradient, or null.
void delta_rule(const DeltaShape& shape, const DeltaInputs& in, float* y, float* borders);

struct DeltaGradients {
  float *q = nullptr, *k = nullptr, *v = nullptr, *share = nullptr;  // overwritten
};
void delta_rule_gradient(const DeltaShape& shape, const DeltaInputs& in, const float* dy, const float* borders,
                         const DeltaGradients& to);

// One position of one sequence, on state [heads, keys, values], which begins as zeros.
void delta_rule_step(const DeltaShape& shape, const DeltaInputs& in, float* state, float* y);

}  // namespace mlrun::kernels
