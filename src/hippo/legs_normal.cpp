#include "hippo/legs_normal.hpp"

#include <Eigen/Eigenvalues>
#include <cmath>

#include "base/error.hpp"

namespace mlrun::hippo {
namespace {

// S / i, Hermitian.
Eigen::MatrixXcd turned(int64_t states) {
  require(states >= 2 && states % 2 == 0, "the normal part of LegS with {} states, not an even number", states);
  Eigen::MatrixXcd h(states, states);
  for (int64_t n = 0; n < states; ++n) {
    for (int64_t k = 0; k < states; ++k) {
      const double size = 0.5 * std::sqrt(static_cast<double>((2 * n + 1) * (2 * k + 1)));
      h(n, k) = {0.0, n == k ? 0.0 : n > k ? size : -size};
    }
  }
  return h;
}

}  // namespace

LegsNormal legs_normal(int64_t states) {
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXcd> solver(turned(states));
  require(solver.info() == Eigen::Success, "the eigenvalues of the normal part of LegS did not converge");
  LegsNormal normal;
  for (int64_t j = states / 2; j < states; ++j) {
    const auto v = solver.eigenvectors().col(j);
    std::complex<double> p = 0, b = 0;
    for (int64_t n = 0; n < states; ++n) {
      p += std::conj(v(n)) * std::sqrt(static_cast<double>(n) + 0.5);
      b += std::conj(v(n)) * std::sqrt(2 * static_cast<double>(n) + 1);
    }
    // An eigenvector is known up to its phase: p > 0 chooses it.
    const std::complex<double> phase = std::conj(p) / std::abs(p);
    normal.frequencies.push_back(solver.eigenvalues()(j));
    normal.p.push_back(p * phase);
    normal.b.push_back(b * phase);
  }
  return normal;
}

std::vector<double> legs_frequencies(int64_t states) {
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXcd> solver(turned(states), Eigen::EigenvaluesOnly);
  require(solver.info() == Eigen::Success, "the eigenvalues of the normal part of LegS did not converge");
  const auto& w = solver.eigenvalues();
  return {w.data() + states / 2, w.data() + states};
}

}  // namespace mlrun::hippo
