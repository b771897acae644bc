// Matrix-valued states whose rows decay one by one (gated linear attention: Yang et al. 2024, eq. 3): of each head,
//
//   S_t = diag(a_t) S_{t-1} + k_t v_t^T,   y_t = S_t^T q_t,   S [keys, values]
//
// A product of decays is no product of matrices that is safe in float (its inverse overflows), so this is a scan: states
// stay in registers and the L1 cache, and only those between chunks of positions are kept for the gradient, which makes
// the others again.
#pragma once

#include <cstdint>

namespace mlrun::kernels {

struct ChannelDecayShape {
  int64_t sequences = 0, length = 0, heads = 1;
  int64_t keys = 0, values = 0;  // of a head
  int64_t border_count() const;  // numbers of the states between chunks
};

// q, k and a [sequences, length, heads, keys], v and y [sequences, length, heads, values]; 0 <= a <= 1.
struct ChannelDecayInputs {
  const float *q = nullptr, *k = nullptr, *v = nullptr, *a = nullptr;
};
// borders: shape.border_count() numbers for channel_decay_gradient, or null.
void channel_decay(const ChannelDecayShape& shape, const ChannelDecayInputs& in, float* y, float* borders);

struct ChannelDecayGradients {
  float *q = nullptr, *k = nullptr, *v = nullptr, *a = nullptr;  // overwritten
};
void channel_decay_gradient(const ChannelDecayShape& shape, const ChannelDecayInputs& in, const float* dy,
                            const float* borders, const ChannelDecayGradients& to);

// One position of one sequence, on state [heads, keys, values], which begins as zeros.
void channel_decay_step(const ChannelDecayShape& shape, const ChannelDecayInputs& in, float* state, float* y);

}  // namespace mlrun::kernels
