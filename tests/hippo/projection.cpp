#include "hippo/projection.hpp"

#include <algorithm>
#include <cmath>

#include "catch.hpp"

using namespace mlrun::hippo;

namespace {

constexpr Discretisation kRules[] = {Discretisation::kForward, Discretisation::kBackward, Discretisation::kBilinear,
                                     Discretisation::kZoh};

double polynomial(double u) { return 0.3 + u * (-2 + u * (1.5 + u * (4 - 3 * u))); }

// Its integrals with g_n over [0, 1].
std::vector<double> coefficients_of_polynomial(int64_t order) {
  std::vector<double> c(static_cast<size_t>(order)), g(c);
  const Quadrature q = gauss_legendre(order + 4);
  for (size_t i = 0; i < q.nodes.size(); ++i) {
    legendre(q.nodes[i], order, g.data());
    for (size_t n = 0; n < c.size(); ++n) c[n] += q.weights[i] * polynomial(q.nodes[i]) * g[n];
  }
  return c;
}

std::vector<double> waves(int64_t length) {
  std::vector<double> f;
  for (int64_t i = 0; i < length; ++i) {
    const double u = (static_cast<double>(i) + 0.5) / static_cast<double>(length);
    f.push_back(std::sin(9 * u) + 0.5 * std::cos(31 * u * u));
  }
  return f;
}

double largest_difference(const std::vector<double>& a, const std::vector<double>& b) {
  double most = 0;
  for (size_t i = 0; i < a.size(); ++i) most = std::max(most, std::abs(a[i] - b[i]));
  return most;
}

Projection projected(Measure measure, int64_t order, Discretisation rule, double theta, const std::vector<double>& f) {
  Projection p(measure, order, rule, theta);
  for (const double x : f) p.observe(x);
  return p;
}

}  // namespace

TEST_CASE("the Legendre coefficients of a polynomial come out online to 1e-6") {
  constexpr int64_t kOrder = 10, kLength = 4000;
  std::vector<double> f;
  for (int64_t i = 0; i < kLength; ++i) f.push_back(polynomial((static_cast<double>(i) + 0.5) / kLength));
  const std::vector<double> exact = coefficients_of_polynomial(kOrder);
  for (size_t n = 5; n < kOrder; ++n) CHECK(std::abs(exact[n]) < 1e-14);  // its degree is 4
  CHECK(largest_difference(projected(Measure::kLegS, kOrder, Discretisation::kZoh, 1, f).coefficients(), exact) < 1e-6);
}

TEST_CASE("LegT knows the polynomial in its window to 1e-6 once it has forgotten its beginning") {
  // It takes what leaves the window from its own coefficients, so it is exact only where they hold all of the signal.
  constexpr int64_t kOrder = 10, kTheta = 4000, kLength = 6 * kTheta;
  std::vector<double> f;
  for (int64_t i = 0; i < kLength; ++i) {
    f.push_back(polynomial((static_cast<double>(i - (kLength - kTheta)) + 0.5) / kTheta));
  }
  CHECK(largest_difference(projected(Measure::kLegT, kOrder, Discretisation::kZoh, kTheta, f).coefficients(),
                           coefficients_of_polynomial(kOrder)) < 1e-6);
}

TEST_CASE("the Laguerre coefficients of an exponential come out online to 1e-6") {
  // f = exp(a s) of age s: the integral of exp(a s) L_n(s) exp(-s) is (-a)^n / (1 - a)^(n+1).
  constexpr double kRate = -0.4, kTheta = 1500;
  constexpr int64_t kOrder = 8, kLength = 60000;
  std::vector<double> f, exact;
  for (int64_t i = 0; i < kLength; ++i)
    f.push_back(std::exp(kRate * (static_cast<double>(kLength - i) - 0.5) / kTheta));
  for (int n = 0; n < kOrder; ++n) exact.push_back(std::pow(-kRate, n) / std::pow(1 - kRate, n + 1));
  CHECK(largest_difference(projected(Measure::kLagT, kOrder, Discretisation::kZoh, kTheta, f).coefficients(), exact) <
        1e-6);
}

TEST_CASE("under zero-order hold LegS projects a signal of steps exactly") {
  const std::vector<double> f = {1.0, -2.0, 0.5, 0.5, 3.0, -1.0, 2.0};
  constexpr int64_t kOrder = 24;
  const Projection p = projected(Measure::kLegS, kOrder, Discretisation::kZoh, 1, f);
  std::vector<double> exact(kOrder), before(kOrder), after(kOrder);
  for (size_t i = 0; i < f.size(); ++i) {
    legendre_integrals(static_cast<double>(i) / 7, kOrder, before.data());
    legendre_integrals(static_cast<double>(i + 1) / 7, kOrder, after.data());
    for (size_t n = 0; n < kOrder; ++n) exact[n] += f[i] * (after[n] - before[n]);
  }
  CHECK(largest_difference(p.coefficients(), exact) < 1e-12);
}

TEST_CASE("the O(N) step of LegS is that of its matrices") {
  constexpr int64_t kOrder = 9;
  const std::vector<double> f = waves(40);
  for (const Discretisation rule : kRules) {
    std::vector<double> c(kOrder);
    for (size_t i = 0; i < f.size(); ++i) {
      const Recurrence r = legs_step(kOrder, static_cast<int64_t>(i) + 1, rule);
      std::vector<double> next = r.b;
      for (int64_t n = 0; n < kOrder; ++n) {
        next[static_cast<size_t>(n)] *= f[i];
        for (int64_t k = 0; k < kOrder; ++k) next[static_cast<size_t>(n)] += r.a.at(n, k) * c[static_cast<size_t>(k)];
      }
      c = next;
    }
    INFO(name_of(rule));
    CHECK(largest_difference(c, projected(Measure::kLegS, kOrder, rule, 1, f).coefficients()) < 1e-9);
  }
}

TEST_CASE("LegS does not see the scale of time: exactly under zero-order hold, nearly by the other rules") {
  const std::vector<double> f = waves(1000);
  std::vector<double> slow;
  for (const double x : f) slow.insert(slow.end(), {x, x, x});
  for (const Discretisation rule : kRules) {
    const double off = largest_difference(projected(Measure::kLegS, 12, rule, 1, f).coefficients(),
                                          projected(Measure::kLegS, 12, rule, 1, slow).coefficients());
    INFO(name_of(rule));
    if (rule == Discretisation::kZoh) CHECK(off < 1e-10);
    else CHECK(off < (rule == Discretisation::kBilinear ? 2e-3 : 5e-2));
  }
}

TEST_CASE("more coefficients remember the past better") {
  const std::vector<double> f = waves(2000);
  for (const Measure measure : {Measure::kLegS, Measure::kLegT, Measure::kLagT}) {
    const double theta = measure == Measure::kLagT ? 200 : 2000;
    double before = 1;
    for (const int64_t order : {2, 8, 32, 64}) {
      const double error = error_of(projected(measure, order, Discretisation::kZoh, theta, f), f).relative();
      INFO(name_of(measure) << " of order " << order << ": " << error);
      CHECK(error < before);
      before = error;
    }
    CHECK(before < (measure == Measure::kLegS ? 2e-3 : measure == Measure::kLegT ? 0.05 : 0.1));
  }
}

TEST_CASE("a window has forgotten what was before it, and a fading memory nearly") {
  std::vector<double> f(3000, 1.0), other = f;
  for (size_t i = 0; i < 1000; ++i) other[i] = 5.0;
  const auto apart = [&](Measure measure, double theta) {
    return largest_difference(projected(measure, 32, Discretisation::kBilinear, theta, f).coefficients(),
                              projected(measure, 32, Discretisation::kBilinear, theta, other).coefficients());
  };
  CHECK(apart(Measure::kLegT, 500) < 1e-4);
  CHECK(apart(Measure::kLagT, 20) < 1e-4);
  CHECK(apart(Measure::kLegS, 1) > 0.5);
}
