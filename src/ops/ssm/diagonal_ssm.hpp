// Diagonal linear time-invariant state spaces (S4D: Gu, Gupta, Goel & Re 2022).
#pragma once

#include "autograd/tape.hpp"
#include "kernels/ssm/diagonal_ssm.hpp"

namespace mlrun::ops {

using kernels::Discretisation;

// The parameters of `channels` systems of `poles` poles each, as in kernels/ssm/diagonal_ssm.hpp.
struct DiagonalSystem {
  Variable log_dt;     // [channels]
  Variable log_decay;  // [channels, poles]
  Variable frequency;  // [channels, poles]
  Variable c;          // [2, channels, poles]
  Variable d;          // [channels]
};
// Of the values; valid as long as those are.
kernels::DiagonalSsm kernel_form(const DiagonalSystem& system, Discretisation discretisation);

// u [n, length, channels] -> y, likewise.
Variable diagonal_ssm(const Variable& u, const DiagonalSystem& system, Discretisation discretisation);

}  // namespace mlrun::ops
