// Diagonal linear time-invariant state spaces (S4D: Gu, Gupta, Goel & Re 2022). For every channel h, with P complex
// poles (their conjugates are meant along, so these are 2 P real states):
//   x_p[t] = Abar_p x_p[t - 1] + Bbar_p u[t],   y[t] = 2 Re sum_p C_p x_p[t] + D u[t],   x_p[-1] = 0.
// The continuous system has A = -exp(log_decay) + i frequency, B = 1 and the time step dt = exp(log_dt), and
//   zero-order hold:  Abar = exp(dt A),                       Bbar = (Abar - 1) / A
//   bilinear:         Abar = (1 + dt A / 2) / (1 - dt A / 2), Bbar = dt / (1 - dt A / 2).
//
// Computed in chunks: inside a chunk a Toeplitz matrix, between chunks the states. Everything is a small
// matrix product, the cost is linear in the length, and nothing of size positions x poles is ever stored for more than
// one channel, and once per chunk. Powers of Abar are made in double.
#pragma once

#include <cstdint>

namespace mlrun::kernels {

constexpr int64_t kDiagonalSsmChunk = 32;  // 48 and 64 are slower; 16 is 4% faster and keeps twice the states

enum class Discretisation : uint8_t { kZeroOrderHold, kBilinear };

struct DiagonalSsm {
  int64_t channels = 0, poles = 0;
  Discretisation discretisation = Discretisation::kZeroOrderHold;
  const float* log_dt = nullptr;     // [channels]
  const float* log_decay = nullptr;  // [channels, poles]
  const float* frequency = nullptr;  // [channels, poles]
  const float* c = nullptr;          // [2, channels, poles]: real parts, imaginary parts
  const float* d = nullptr;          // [channels]
};

// u [n, length, channels] -> y, likewise; not u.
void diagonal_ssm(const DiagonalSsm& system, const float* u, int64_t n, int64_t length, float* y);

struct DiagonalSsmGradient {
  float* u = nullptr;  // [n, length, channels], overwritten; null where not wanted
  // All of the system's parameters, in its shapes: added to. log_dt null: none is wanted.
  float *log_dt = nullptr, *log_decay = nullptr, *frequency = nullptr, *c = nullptr, *d = nullptr;
};
void diagonal_ssm_gradient(const DiagonalSsm& system, const float* u, const float* dy, int64_t n, int64_t length,
                           const DiagonalSsmGradient& to);

}  // namespace mlrun::kernels
