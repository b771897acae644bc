#include "hippo/legs_restriction.hpp"

#include <cmath>

namespace mlrun::hippo {

LegsRestriction::LegsRestriction(int64_t order)
    : order_(order), quadrature_(gauss_legendre(order)), samples_(order, order) {
  for (int64_t q = 0; q < order; ++q) {
    const double root = std::sqrt(quadrature_.weights[static_cast<size_t>(q)]);
    double* row = &samples_.at(q, 0);
    legendre(quadrature_.nodes[static_cast<size_t>(q)], order, row);
    for (int64_t m = 0; m < order; ++m) row[m] *= root;
  }
}

void LegsRestriction::step(int64_t k, Matrix& w_turned, std::vector<double>& b) const {
  const double r = static_cast<double>(k - 1) / static_cast<double>(k);
  w_turned = Matrix(order_, order_);
  b.assign(static_cast<size_t>(order_), 0.0);
  for (int64_t q = 0; k > 1 && q < order_; ++q) {
    double* row = &w_turned.at(q, 0);
    legendre(r * quadrature_.nodes[static_cast<size_t>(q)], order_, row);
    const double scale = r * std::sqrt(quadrature_.weights[static_cast<size_t>(q)]);
    for (int64_t n = 0; n < order_; ++n) row[n] *= scale;
  }
  // Over all of [0, 1] the integral is that of g_0 alone, 1.
  legendre_integrals(r, order_, b.data());
  for (double& x : b) x = -x;
  b[0] += 1;
}

}  // namespace mlrun::hippo
