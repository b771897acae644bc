// Diagonal plus low-rank state spaces: S4 (Gu, Goel & Re 2022, "Efficiently Modeling Long Sequences with Structured
// State Spaces"). For every channel, with P complex poles (their conjugates are meant along, so these are 2 P real
// states), Lambda = -exp(log_decay) + i frequency, A = Lambda - p p^* and the time step dt = exp(log_dt):
//   s[t] = Abar s[t - 1] + Bbar u[t],   y[t] = c s[t] + d u[t],   s[-1] = 0,   by the bilinear rule
//   Abar = (1 - dt A / 2)^-1 (1 + dt A / 2),   Bbar = (1 - dt A / 2)^-1 dt b.
//
// Computed in chunks of L positions: inside a chunk a Toeplitz matrix, between chunks the states. The paper's kernel of
// the whole length is never made: the cost is linear in the length. Abar is a diagonal plus one product of vectors,
//   Abar = D + w q^T,   so   Abar^L = D^L + sum_j (Abar^(L - 1 - j) w) (q^T D^j),
// and a state is handed from chunk to chunk by two thin matrices [L, 2 P] and a diagonal: nothing is diagonalised,
// nothing is divided by a difference of poles, and no matrix has 2 P x 2 P numbers. |Abar| <= 1, since A + A^* <= 0,
// so that the L steps which make the tables, in double, amplify no error.
#pragma once

#include <cstdint>

namespace mlrun::kernels {

constexpr int64_t kDplrChunk = 64;

struct Dplr {
  int64_t channels = 0, poles = 0;
  const float* log_dt = nullptr;                           // [channels]
  const float *log_decay = nullptr, *frequency = nullptr;  // [channels, poles]
  const float *p = nullptr, *b = nullptr, *c = nullptr;    // [2, channels, poles]: real parts, imaginary parts
  const float* d = nullptr;                                // [channels]
};

// u [n, length, channels] -> y, likewise; not u.
void dplr_ssm(const Dplr& system, const float* u, int64_t n, int64_t length, float* y);

struct DplrGradient {
  float* u = nullptr;  // [n, length, channels], overwritten; null where not wanted
  // All of the system's parameters, in its shapes: added to. log_dt null: none is wanted.
  float *log_dt = nullptr, *log_decay = nullptr, *frequency = nullptr, *p = nullptr, *b = nullptr, *c = nullptr,
        *d = nullptr;
};
void dplr_ssm_gradient(const Dplr& system, const float* u, const float* dy, int64_t n, int64_t length,
                       const DplrGradient& to);

}  // namespace mlrun::kernels
