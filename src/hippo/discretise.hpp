// From a continuous system to a recurrence, in double.
#pragma once

#include "hippo/operators.hpp"

namespace mlrun::hippo {

// With step d, and D = d for dc/dt = A c + B f (Gu et al. 2020, appendix B.3):
//   kForward   c' = (I + D A) c + D B f                                      Euler
//   kBackward  c' = (I - D A)^-1 (c + D B f)                                 Euler
//   kBilinear  c' = (I - D A / 2)^-1 ((I + D A / 2) c + D B f)               Tustin's rule
//   kZoh       c' = exp(D A) c + A^-1 (exp(D A) - I) B f                     f is held: exact for a signal of steps
enum class Discretisation : uint8_t { kForward, kBackward, kBilinear, kZoh };
const char* name_of(Discretisation rule);  // "bilinear"

// c' = a c + b f.
struct Recurrence {
  Matrix a;
  std::vector<double> b;
};

Recurrence discretise(const System& system, double step, Discretisation rule);

// Step k = 1, 2, .. of LegS, dc/dt = (1/t) (A c + B f), for samples f_k of a unit of time each. Time cancels, so the
// step size does not matter. Eulers and bilinear: D = 1/k above. Zoh: exact from t = k - 1 to k, that is
// exp(A log(k / (k - 1))); at k = 1 the past weighs nothing and c' = f e_0.
Recurrence legs_step(int64_t order, int64_t k, Discretisation rule);

}  // namespace mlrun::hippo
