#include "hippo/operators.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "catch.hpp"
#include "hippo/basis.hpp"
#include "hippo/discretise.hpp"
#include "hippo/legs_restriction.hpp"

using namespace mlrun::hippo;

namespace {

double difference(const Matrix& a, const Matrix& b) {
  double most = 0;
  for (size_t i = 0; i < a.data.size(); ++i) most = std::max(most, std::abs(a.data[i] - b.data[i]));
  return most;
}

double difference(const std::vector<double>& a, const std::vector<double>& b) {
  double most = 0;
  for (size_t i = 0; i < a.size(); ++i) most = std::max(most, std::abs(a[i] - b[i]));
  return most;
}

Matrix product(const Matrix& a, const Matrix& b) {
  Matrix c(a.rows, b.columns);
  for (int64_t i = 0; i < a.rows; ++i) {
    for (int64_t k = 0; k < a.columns; ++k) {
      for (int64_t j = 0; j < b.columns; ++j) c.at(i, j) += a.at(i, k) * b.at(k, j);
    }
  }
  return c;
}

Matrix transposed(const Matrix& a) {
  Matrix t(a.columns, a.rows);
  for (int64_t i = 0; i < a.rows; ++i) {
    for (int64_t j = 0; j < a.columns; ++j) t.at(j, i) = a.at(i, j);
  }
  return t;
}

// [[A, B], [0, 0]] step / 2^halvings in its Taylor series, squared again: [[exp, input], [0, 1]].
Recurrence by_taylor(const System& s, double step) {
  constexpr int kHalvings = 12, kTerms = 20;
  const int64_t n = s.a.rows;
  Matrix x(n + 1, n + 1), e(n + 1, n + 1), term(n + 1, n + 1);
  for (int64_t i = 0; i < n; ++i) {
    for (int64_t j = 0; j < n; ++j) x.at(i, j) = s.a.at(i, j) * step / (1 << kHalvings);
    x.at(i, n) = s.b[static_cast<size_t>(i)] * step / (1 << kHalvings);
  }
  for (int64_t i = 0; i <= n; ++i) e.at(i, i) = term.at(i, i) = 1;
  for (int k = 1; k <= kTerms; ++k) {
    term = product(term, x);
    for (double& v : term.data) v /= k;
    for (size_t i = 0; i < e.data.size(); ++i) e.data[i] += term.data[i];
  }
  for (int h = 0; h < kHalvings; ++h) e = product(e, e);
  Recurrence r = {Matrix(n, n), std::vector<double>(static_cast<size_t>(n))};
  for (int64_t i = 0; i < n; ++i) {
    for (int64_t j = 0; j < n; ++j) r.a.at(i, j) = e.at(i, j);
    r.b[static_cast<size_t>(i)] = e.at(i, n);
  }
  return r;
}

}  // namespace

TEST_CASE("LegS keeps the coefficients of a monomial growing with time as the integrals say") {
  // f = t^p gives c(t) = t^p v, so p v = A v + B, and v_n is the integral of u^p g_n(u) over [0, 1].
  constexpr int64_t kOrder = 12;
  const System s = system_of(Measure::kLegS, kOrder);
  const Quadrature q = gauss_legendre(20);
  for (int p = 0; p < 8; ++p) {
    std::vector<double> v(kOrder), g(kOrder);
    for (size_t i = 0; i < q.nodes.size(); ++i) {
      legendre(q.nodes[i], kOrder, g.data());
      for (size_t n = 0; n < kOrder; ++n) v[n] += q.weights[i] * std::pow(q.nodes[i], p) * g[n];
    }
    for (int64_t n = 0; n < kOrder; ++n) {
      double rate = s.b[static_cast<size_t>(n)];
      for (int64_t k = 0; k < kOrder; ++k) rate += s.a.at(n, k) * v[static_cast<size_t>(k)];
      CHECK(rate == Approx(p * v[static_cast<size_t>(n)]).margin(1e-12));
    }
  }
}

TEST_CASE("the values of a small system are those of the paper") {
  const System legt = system_of(Measure::kLegT, 3, 2.0), lagt = system_of(Measure::kLagT, 3, 4.0),
               legs = system_of(Measure::kLegS, 3);
  CHECK(legs.a.at(2, 1) == Approx(-std::sqrt(15.0)));
  CHECK(legs.a.at(1, 1) == -2);
  CHECK(legs.a.at(1, 2) == 0);
  CHECK(legs.b[2] == Approx(std::sqrt(5.0)));
  CHECK(legt.a.at(0, 1) == Approx(std::sqrt(3.0) / 2));
  CHECK(legt.a.at(1, 0) == Approx(-std::sqrt(3.0) / 2));
  CHECK(legt.a.at(0, 2) == Approx(-std::sqrt(5.0) / 2));
  CHECK(legt.b[1] == Approx(std::sqrt(3.0) / 2));
  CHECK(lagt.a.at(2, 0) == -0.25);
  CHECK(lagt.a.at(0, 2) == 0);
  CHECK(lagt.b[0] == 0.25);
}

TEST_CASE("zero-order hold is the matrix exponential, as its series has it") {
  for (const Measure measure : {Measure::kLegT, Measure::kLagT, Measure::kLegS}) {
    const System s = system_of(measure, 16, 3.0);
    const Recurrence zoh = discretise(s, 0.3, Discretisation::kZoh), taylor = by_taylor(s, 0.3);
    INFO(name_of(measure));
    CHECK(difference(zoh.a, taylor.a) < 1e-9);
    CHECK(difference(zoh.b, taylor.b) < 1e-9);
  }
}

TEST_CASE("Euler's rules are of first order and the bilinear rule of second") {
  const System s = system_of(Measure::kLegT, 6, 1.0);
  const auto error = [&](Discretisation rule, double step) {
    return difference(discretise(s, step, rule).a, discretise(s, step, Discretisation::kZoh).a);
  };
  for (const auto& [rule, order] : {std::pair{Discretisation::kForward, 1}, std::pair{Discretisation::kBackward, 1},
                                    std::pair{Discretisation::kBilinear, 2}}) {
    // The error of one step: a power of the step size more.
    CHECK(std::log2(error(rule, 1e-4) / error(rule, 5e-5)) == Approx(order + 1).margin(0.1));
  }
}

TEST_CASE("the restriction of polynomials is the exponential of LegS") {
  constexpr int64_t kOrder = 20;
  const LegsRestriction restriction(kOrder);
  for (const int64_t k : {1, 2, 3, 17, 400}) {
    Matrix w;
    std::vector<double> b;
    restriction.step(k, w, b);
    const Recurrence exact = legs_step(kOrder, k, Discretisation::kZoh);
    INFO("step " << k);
    CHECK(difference(product(transposed(w), restriction.samples()), exact.a) < 1e-9);
    CHECK(difference(b, exact.b) < 1e-9);
  }
}

TEST_CASE("Gauss-Legendre quadrature is exact for polynomials, and the Legendre basis orthonormal") {
  for (const int64_t count : {1, 2, 5, 64, 512}) {
    const Quadrature q = gauss_legendre(count);
    double power = 0;
    for (size_t i = 0; i < q.nodes.size(); ++i)
      power += q.weights[i] * std::pow(q.nodes[i], static_cast<double>(2 * count - 1));
    CHECK(power == Approx(1.0 / static_cast<double>(2 * count)).epsilon(1e-10));
  }
  constexpr int64_t kOrder = 40;
  const LegsRestriction restriction(kOrder);
  Matrix one(kOrder, kOrder);
  for (int64_t i = 0; i < kOrder; ++i) one.at(i, i) = 1;
  CHECK(difference(product(transposed(restriction.samples()), restriction.samples()), one) < 1e-12);
}
