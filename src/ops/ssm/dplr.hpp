// Diagonal plus low-rank state spaces: S4 (Gu, Goel & Re 2022).
#pragma once

#include "autograd/tape.hpp"
#include "kernels/ssm/dplr.hpp"

namespace mlrun::ops {

// The parameters of `channels` systems of `poles` poles each, as in kernels/ssm/dplr.hpp.
struct DplrSystem {
  Variable log_dt;                // [channels]
  Variable log_decay, frequency;  // [channels, poles]
  Variable p, b, c;               // [2, channels, poles]: real parts, imaginary parts
  Variable d;                     // [channels]
};

// u [n, length, channels] -> y, likewise.
Variable dplr_ssm(const Variable& u, const DplrSystem& system);

}  // namespace mlrun::ops
