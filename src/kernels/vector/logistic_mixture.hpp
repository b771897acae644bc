// Mixtures of discretised logistic distributions over ordered symbols (Salimans et al. 2017, eq. 2).
//
// Symbols 0 .. K - 1 stand at 2 k / (K - 1) - 1. A component with mean m and scale s gives symbol k the mass of its
// logistic density between the middles to its neighbours; the first and the last symbol take the tails.
#pragma once

#include <cstdint>

namespace mlrun::kernels {

// No scale is below e^-7, a hundredth of the distance between two of 256 symbols, and a millionth of the mass is spread
// evenly, so that no symbol is impossible.
inline constexpr float kLeastLogScale = -7.0f, kSpreadMass = 1e-6f;

// x[rows, 3 M]: log-weights (up to a constant), means, log-scales of M components -> y[rows, K] = log p(k).
void logistic_mixture(const float* x, int64_t rows, int64_t components, int64_t symbols, float* y);
// dx from x, y and dy.
void logistic_mixture_gradient(const float* x, const float* y, const float* dy, int64_t rows, int64_t components,
                               int64_t symbols, float* dx);

}  // namespace mlrun::kernels
