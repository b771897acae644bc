// Where the poles of a diagonal state-space model begin.
#pragma once

#include <complex>
#include <cstdint>
#include <vector>

namespace mlrun::hippo {

enum class PoleInit : uint8_t { kLegS, kLin, kInv, kReal };

// The `count` poles A_n, n = 0 .. count - 1, of a real system of N = 2 count states with nonnegative imaginary part
// (its other half are their conjugates). Gu, Gupta, Goel & Re 2022, "On the Parameterization and Initialization of
// Diagonal State Space Models", section 4:
//   kLegS  the eigenvalues of A + P P^T = -I/2 + S of HiPPO-LegS (hippo/legs_normal.hpp), by rising imaginary part;
//   kLin   -1/2 + i pi n
//   kInv   -1/2 + i (N / pi) (N / (2 n + 1) - 1)
//   kReal  -(n + 1)
std::vector<std::complex<double>> s4d_poles(PoleInit kind, int64_t count);

}  // namespace mlrun::hippo
