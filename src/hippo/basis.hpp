// The polynomials that HiPPO's coefficients belong to, and quadrature with them.
#pragma once

#include <cstdint>
#include <vector>

namespace mlrun::hippo {

// g_n(u) = sqrt(2n+1) P_n(2u - 1), n = 0 .. order - 1: orthonormal on [0, 1]. By Bonnet's recursion.
void legendre(double u, int64_t order, double* g);
// integrals[n] = that of g_n from 0 to u: (g_(n+1) / sqrt(2n+3) - g_(n-1) / sqrt(2n-1)) / (2 sqrt(2n+1)).
void legendre_integrals(double u, int64_t order, double* integrals);
// L_n(s), n = 0 .. order - 1: orthonormal on [0, inf) with the weight exp(-s).
void laguerre(double s, int64_t order, double* values);

// Gauss-Legendre on [0, 1]: exact for polynomials of degree 2 count - 1.
struct Quadrature {
  std::vector<double> nodes, weights;
};
Quadrature gauss_legendre(int64_t count);

}  // namespace mlrun::hippo
