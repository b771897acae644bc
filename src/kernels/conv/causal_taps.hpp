// The short causal convolution of each channel with itself, and SiLU, as before the scan of Mamba:
//   y_t = silu(bias + sum over j of w_j x_{t - taps + 1 + j}), x being 0 before the first position.
#pragma once

#include "kernels/ssm/sequence_rows.hpp"

namespace mlrun::kernels {

inline constexpr int64_t kMostTaps = 64;

struct TapsShape {
  int64_t sequences = 0, length = 0, channels = 0, taps = 0;
};

// w [taps, channels], the last tap being the position itself; bias [channels]; x and y: rows [channels].
void causal_taps(const TapsShape& shape, SequenceRows<const float> x, const float* w, const float* bias,
                 SequenceRows<float> y);

struct TapsGradients {
  SequenceRows<float> x;                // overwritten
  float *w = nullptr, *bias = nullptr;  // added to
};
void causal_taps_gradient(const TapsShape& shape, SequenceRows<const float> x, const float* w, const float* bias,
                          SequenceRows<const float> dy, const TapsGradients& to);

// The next position of one sequence: x, y [channels]. `past` [taps, channels] begins as zeros.
void causal_taps_step(const TapsShape& shape, const float* x, const float* w, const float* bias, float* past, float* y);

}  // namespace mlrun::kernels
