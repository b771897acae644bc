#include "hippo/initial_poles.hpp"

#include <cmath>
#include <numbers>

#include "catch.hpp"
#include "hippo/legs_normal.hpp"
#include "hippo/operators.hpp"

using namespace mlrun::hippo;
using Complex = std::complex<double>;

TEST_CASE("LegS is a normal matrix less a matrix of rank one") {
  constexpr int64_t kStates = 24;
  const System s = system_of(Measure::kLegS, kStates);
  for (int64_t n = 0; n < kStates; ++n) {
    for (int64_t k = 0; k < kStates; ++k) {
      const double pp = std::sqrt((static_cast<double>(n) + 0.5) * (static_cast<double>(k) + 0.5));
      const double here = s.a.at(n, k) + pp + (n == k ? 0.5 : 0), there = s.a.at(k, n) + pp + (n == k ? 0.5 : 0);
      CHECK(here == Approx(-there).margin(1e-12));
    }
  }
}

TEST_CASE("diagonal plus low rank answers every frequency as LegS does") {
  // B^T (z - A)^-1 B by elimination, and in the eigenbasis by Woodbury's identity.
  for (const int64_t states : {2, 8, 64}) {
    const System s = system_of(Measure::kLegS, states);
    const LegsNormal normal = legs_normal(states);
    for (const Complex z : {Complex(0.3, 0.0), Complex(0.1, 5.0), Complex(1.0, -80.0)}) {
      std::vector<Complex> x(static_cast<size_t>(states));
      Complex exact = 0;
      for (int64_t n = 0; n < states; ++n) {
        Complex right = s.b[static_cast<size_t>(n)];
        for (int64_t k = 0; k < n; ++k) right += s.a.at(n, k) * x[static_cast<size_t>(k)];
        x[static_cast<size_t>(n)] = right / (z - s.a.at(n, n));
        exact += s.b[static_cast<size_t>(n)] * x[static_cast<size_t>(n)];
      }
      const auto inner = [&](const std::vector<Complex>& u, const std::vector<Complex>& v) {
        Complex sum = 0;  // u^* (z - diagonal)^-1 v, both halves
        for (size_t j = 0; j < u.size(); ++j) {
          sum += std::conj(u[j]) * v[j] / (z - Complex(-0.5, normal.frequencies[j]));
          sum += u[j] * std::conj(v[j]) / (z - Complex(-0.5, -normal.frequencies[j]));
        }
        return sum;
      };
      const Complex dplr = inner(normal.b, normal.b) -
                           inner(normal.b, normal.p) * inner(normal.p, normal.b) / (1.0 + inner(normal.p, normal.p));
      INFO(states << " states at " << z);
      CHECK(std::abs(dplr - exact) < 1e-9 * std::abs(exact));
    }
  }
}

TEST_CASE("poles begin where the papers say") {
  const auto legs = s4d_poles(PoleInit::kLegS, 4), lin = s4d_poles(PoleInit::kLin, 3),
             inv = s4d_poles(PoleInit::kInv, 2), real = s4d_poles(PoleInit::kReal, 3);
  REQUIRE(legs.size() == 4);
  for (size_t n = 0; n < 4; ++n) {
    CHECK(legs[n].real() == -0.5);
    CHECK(legs[n].imag() > (n == 0 ? 0 : legs[n - 1].imag()));
  }
  // Of two states: S = [[0, sqrt(3)/2], [-sqrt(3)/2, 0]].
  CHECK(s4d_poles(PoleInit::kLegS, 1)[0].imag() == Approx(std::sqrt(3.0) / 2));
  CHECK(lin[2] == Complex(-0.5, 2 * std::numbers::pi));
  CHECK(inv[0].imag() == Approx(4 / std::numbers::pi * 3));
  CHECK(inv[1].imag() == Approx(4 / std::numbers::pi / 3));
  CHECK(real[2] == Complex(-3, 0));
  // The largest of LegS is near N^2 / pi (conjecture 5 of the paper).
  CHECK(s4d_poles(PoleInit::kLegS, 32).back().imag() == Approx(64.0 * 64.0 / std::numbers::pi).epsilon(0.05));
}
