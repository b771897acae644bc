// The convolution kernel of a diagonal plus low-rank state space: S4. Gu, Goel & Re 2022, "Efficiently Modeling Long
// Sequences with Structured State Spaces", theorem 3 and algorithm 1.
#pragma once

#include "autograd/tape.hpp"

namespace mlrun::ops {

// For every channel, P complex poles (their conjugates are meant along): with Lambda = -exp(log_decay) + i frequency,
//   A = Lambda - p p^*,   x' = A x + b u,   y = c x,   dt = exp(log_dt),   by the bilinear rule:
//   Abar = (1 - dt A / 2)^-1 (1 + dt A / 2),   Bbar = (1 - dt A / 2)^-1 dt b.
struct DplrSystem {
  Variable log_dt;                // [channels]
  Variable log_decay, frequency;  // [channels, P]
  Variable p, b, c;               // [2, channels, P]: real parts, imaginary parts
};

// K[h, k] = c Abar^k Bbar, k = 0 .. length - 1 -> [channels, length].
//
// The generating function sum_k K_k z^k = 2 / (1 + z) c (s - A)^-1 b, s = (2 / dt) (1 - z) / (1 + z), costs four Cauchy
// sums (Woodbury's identity); an inverse Fourier transform of it gives K. The paper puts z on the unit circle and
// trains c (1 - Abar^length) in place of c. Here z goes around a circle of radius r < 1, r^M = 1e-8 for M >= length
// points: what lies behind position M is then 1e-8 of itself, c is c at any length, and in double the division by r^k
// leaves eight digits.
Variable dplr_kernel(const DplrSystem& system, int64_t length);

}  // namespace mlrun::ops
