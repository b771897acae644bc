// One step of a gated recurrent unit (Cho et al. 2014) for several examples, and its gradient, with the reset gate
// applied to the recurrent product (as in cuDNN and PyTorch; the paper applies it to h):
//   q = h' U_n + b_q,   r, z = sigmoid(pre_r,z + h' U_r,z),   n = tanh(pre_n + r q),   h = (1 - z) n + z h'.
#pragma once

#include <cstdint>

#include "kernels/rows.hpp"

namespace mlrun::kernels {

// pre: rows of (n, r, z); recurrent: rows of h' U as (r, z, n); b_q [width]. `kept` takes rows of (n, r, z, q), may
// share its first 3 width numbers with pre, and may be null. h may be h_before.
struct GruStep {
  int64_t count = 0, width = 0;
  Rows<const float> pre, recurrent, h_before;
  const float* b_q = nullptr;
  Rows<float> kept, h;
};
void gru_step(const GruStep& step);

// From dh, all that arrives at h, and what the step kept, which is replaced by the gradients of (pre_n, pre_r, pre_z,
// q). dh is replaced by the part of dh' that does not go through U, plus `add` where it is given. h_before may be null:
// all zero.
struct GruStepGradient {
  int64_t count = 0, width = 0;
  Rows<const float> h_before, add;
  Rows<float> kept, dh;
};
void gru_step_gradient(const GruStepGradient& step);

}  // namespace mlrun::kernels
