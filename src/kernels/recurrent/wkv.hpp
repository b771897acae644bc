// The weighted sums of RWKV-4's time mixing (Peng et al. 2023, eq. 16): for every channel, with decay w > 0 and bonus
// u,
//
//   y_t = (sum over i < t of e^(k_i - (t-1-i) w) v_i + e^(u + k_t) v_t) / (the same sum without v)
//
// The sums are kept as multiples of e^p, where p is the greatest exponent so far (appendix D of that paper), so that no
// key is too large; backward does the same from the end of the sequence.
#pragma once

#include <cstdint>

namespace mlrun::kernels {

struct WkvShape {
  int64_t sequences = 0, length = 0, channels = 0;
};

// k, v and y [sequences, length, channels], w and u [channels].
void wkv(const WkvShape& shape, const float* k, const float* v, const float* w, const float* u, float* y);

struct WkvGradient {
  float *k = nullptr, *v = nullptr;  // overwritten
  float *w = nullptr, *u = nullptr;  // added to
};
void wkv_gradient(const WkvShape& shape, const float* k, const float* v, const float* w, const float* u, const float* y,
                  const float* dy, const WkvGradient& to);

// One position of one sequence. state [3, channels]: both sums and p.
void wkv_begin(int64_t channels, float* state);
void wkv_step(int64_t channels, const float* k, const float* v, const float* w, const float* u, float* state, float* y);

}  // namespace mlrun::kernels
