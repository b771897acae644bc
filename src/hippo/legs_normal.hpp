// The normal part of HiPPO-LegS. Gu, Goel & Re 2022, "Efficiently Modeling Long Sequences with Structured State
// Spaces" (S4), theorem 1 and appendix C.1:
//   A + P P^T = -I/2 + S,   P_n = sqrt(n + 1/2),   S_nk = -sgn(n - k) sqrt((2n+1)(2k+1)) / 2,  skew.
//
// S is diagonalised as the Hermitian matrix S / i, by a unitary V. A itself never is: its eigenvectors have condition
// 3e19 at N = 32.
#pragma once

#include <complex>
#include <cstdint>
#include <vector>

namespace mlrun::hippo {

// S = V diag(i w) V^*; A = V (diag(-1/2 + i w) - p p^*) V^*, p = V^* P; b = V^* B. For an even N the eigenvalues come
// in conjugate pairs: these are the N / 2 with w > 0, rising. The other half of p and b is the conjugate of this one.
struct LegsNormal {
  std::vector<double> frequencies;      // w
  std::vector<std::complex<double>> p;  // low-rank part
  std::vector<std::complex<double>> b;  // input, B_n = sqrt(2n + 1)
};
LegsNormal legs_normal(int64_t states);                // even, at least 2
std::vector<double> legs_frequencies(int64_t states);  // w alone, without eigenvectors

}  // namespace mlrun::hippo
