#include "hippo/basis.hpp"

#include <cmath>
#include <numbers>

#include "base/error.hpp"

namespace mlrun::hippo {

void legendre(double u, int64_t order, double* g) {
  const double x = 2 * u - 1;
  double before = 0, here = 1;
  for (int64_t i = 0; i < order; ++i) {
    const auto n = static_cast<double>(i);
    g[i] = std::sqrt(2 * n + 1) * here;
    const double next = ((2 * n + 1) * x * here - n * before) / (n + 1);
    before = here;
    here = next;
  }
}

void legendre_integrals(double u, int64_t order, double* integrals) {
  std::vector<double> g(static_cast<size_t>(order) + 1);
  legendre(u, order + 1, g.data());
  for (int64_t i = 0; i < order; ++i) {
    const auto n = static_cast<double>(i);
    // P_(-1) is -1 here: the integral of g_0 = 1 is u.
    const double below = i == 0 ? -1.0 : g[static_cast<size_t>(i) - 1] / std::sqrt(2 * n - 1);
    integrals[i] = (g[static_cast<size_t>(i) + 1] / std::sqrt(2 * n + 3) - below) / (2 * std::sqrt(2 * n + 1));
  }
}

void laguerre(double s, int64_t order, double* values) {
  double before = 0, here = 1;
  for (int64_t i = 0; i < order; ++i) {
    const auto n = static_cast<double>(i);
    values[i] = here;
    const double next = ((2 * n + 1 - s) * here - n * before) / (n + 1);
    before = here;
    here = next;
  }
}

Quadrature gauss_legendre(int64_t count) {
  require(count > 0, "a quadrature of {} nodes", count);
  Quadrature q = {std::vector<double>(static_cast<size_t>(count)), std::vector<double>(static_cast<size_t>(count))};
  const auto n = static_cast<double>(count);
  for (int64_t i = 0; i < count; ++i) {
    double x = -std::cos(std::numbers::pi * (static_cast<double>(i) + 0.75) / (n + 0.5)), slope = 0;
    for (int round = 0; round < 20; ++round) {  // Newton's, from a guess that is near
      double before = 0, here = 1;
      for (int64_t j = 0; j < count; ++j) {
        const auto m = static_cast<double>(j);
        const double next = ((2 * m + 1) * x * here - m * before) / (m + 1);
        before = here;
        here = next;
      }
      slope = n * (before - x * here) / (1 - x * x);
      const double move = here / slope;
      x -= move;
      if (std::abs(move) < 1e-15) break;
    }
    q.nodes[static_cast<size_t>(i)] = (1 + x) / 2;
    q.weights[static_cast<size_t>(i)] = 1 / ((1 - x * x) * slope * slope);
  }
  return q;
}

}  // namespace mlrun::hippo
