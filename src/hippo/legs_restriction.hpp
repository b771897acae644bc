// The exact step of LegS without a matrix exponential.
//
// Under zero-order hold the coefficients of g on [0, k-1] become those of g, followed by a constant f, on [0, k]:
//   c'_n = sum_m E_nm c_m + f b_n,   E_nm = r int_0^1 g_n(r v) g_m(v) dv,   b_n = int_r^1 g_n(u) du,   r = (k - 1) / k.
// E = exp(A log(k / (k - 1))) is thus a product of two matrices by quadrature at `order` nodes (exact: the degree is at
// most 2 order - 2), E = W_k G, G_qm = sqrt(w_q) g_m(v_q) orthogonal and the same for every k,
// W_nq = r sqrt(w_q) g_n(r v_q). It costs O(N^2), not the O(N^3) of an exponential, and keeps the norm below 1.
#pragma once

#include "hippo/basis.hpp"
#include "hippo/operators.hpp"

namespace mlrun::hippo {

class LegsRestriction {
 public:
  explicit LegsRestriction(int64_t order);
  int64_t order() const { return order_; }
  const Matrix& samples() const { return samples_; }  // G: nodes x order
  // Step k >= 1: W_k^T (nodes x order; zero at k = 1) and b.
  void step(int64_t k, Matrix& w_turned, std::vector<double>& b) const;

 private:
  int64_t order_;
  Quadrature quadrature_;
  Matrix samples_;
};

}  // namespace mlrun::hippo
