// The gated norm at the end of a Mamba-2 block (Dao & Gu 2024, section 7): root mean square normalization of x silu(z).
#pragma once

#include <cstdint>

namespace mlrun::kernels {

// y = gain g scale, g = x silu(z), scale = 1 / sqrt(mean(g^2) + epsilon): all [rows, width], gain [width], scale
// [rows].
void gated_norm(const float* x, const float* z, const float* gain, int64_t rows, int64_t width, float epsilon, float* y,
                float* scale);

struct GatedNormGradient {
  float *x = nullptr, *z = nullptr;  // overwritten
  float* gain = nullptr;             // added to
};
void gated_norm_gradient(const float* x, const float* z, const float* gain, const float* scale, const float* dy,
                         int64_t rows, int64_t width, const GatedNormGradient& to);

}  // namespace mlrun::kernels
