// RWKV's token shift (Peng et al. 2023, eq. 11 to 13): every position with the one before it, by channel.
#pragma once

#include <cstdint>

namespace mlrun::kernels {

// y_t = mix x_t + (1 - mix) x_{t-1}, x_{-1} = 0: x and y [sequences, length, channels], mix [channels].
void token_shift(int64_t sequences, int64_t length, int64_t channels, const float* x, const float* mix, float* y);
// dx is overwritten, d_mix added to.
void token_shift_gradient(int64_t sequences, int64_t length, int64_t channels, const float* x, const float* mix,
                          const float* dy, float* dx, float* d_mix);
// One position: y = mix x + (1 - mix) before. [channels].
void token_shift_step(int64_t channels, const float* x, const float* before, const float* mix, float* y);

}  // namespace mlrun::kernels
