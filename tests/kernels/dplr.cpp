#include "kernels/ssm/dplr.hpp"

#include <cmath>
#include <complex>
#include <vector>

#include "base/random.hpp"
#include "catch.hpp"

using namespace mlrun;
using Complex = std::complex<double>;

namespace {

constexpr int64_t kPoles = 5, kPoints = 24;

std::vector<double> drawn(const char* name, int64_t count, double low, double high) {
  std::vector<double> v;
  const RandomStream random(1, name);
  for (int64_t i = 0; i < count; ++i) v.push_back(low + (high - low) * random.uniform(static_cast<uint64_t>(i)));
  return v;
}

struct Problem {
  std::vector<double> b = drawn("b", kPoles, 0.5, 2), m = drawn("m", kPoles, 1, 9), x = drawn("x", 4 * kPoles, -1, 1),
                      y = drawn("y", 4 * kPoles, -1, 1), s = drawn("s", 2 * kPoints, 0.2, 3);
  kernels::DplrPoles poles() const { return {kPoles, b.data(), m.data(), x.data(), y.data()}; }
  Complex sum(int64_t q, int64_t j, bool slope) const {
    const Complex at(s[static_cast<size_t>(j)], s[static_cast<size_t>(kPoints + j)]);
    Complex total = 0;
    for (size_t p = 0; p < kPoles; ++p) {
      const size_t i = static_cast<size_t>(q) * kPoles + p;
      total += (slope ? Complex(x[i]) : at * x[i] - y[i]) / (at * at + b[p] * at + m[p]);
    }
    return total;
  }
};

}  // namespace

TEST_CASE("the Cauchy sums of a diagonal plus low-rank system are those of the formula") {
  const Problem problem;
  std::vector<double> sums(8 * kPoints), slopes(8 * kPoints);
  kernels::dplr_sums(problem.poles(), {kPoints, problem.s.data()}, sums.data(), slopes.data());
  for (int64_t q = 0; q < 4; ++q) {
    for (int64_t j = 0; j < kPoints; ++j) {
      const auto re = static_cast<size_t>(2 * q * kPoints + j), im = re + kPoints;
      CHECK(std::abs(Complex(sums[re], sums[im]) - problem.sum(q, j, false)) < 1e-13);
      CHECK(std::abs(Complex(slopes[re], slopes[im]) - problem.sum(q, j, true)) < 1e-13);
    }
  }
}

TEST_CASE("the gradients of the Cauchy sums are those of differences") {
  Problem problem;
  const std::vector<double> g = drawn("g", 8 * kPoints, -1, 1);
  const auto loss = [&] {
    double total = 0;
    for (int64_t q = 0; q < 4; ++q) {
      for (int64_t j = 0; j < kPoints; ++j) {
        const auto re = static_cast<size_t>(2 * q * kPoints + j);
        const Complex v = problem.sum(q, j, false);
        total += g[re] * v.real() + g[re + kPoints] * v.imag();
      }
    }
    return total;
  };
  const auto difference = [&](double& at) {
    const double before = at;
    at = before + 1e-6;
    const double up = loss();
    at = before - 1e-6;
    const double down = loss();
    at = before;
    return (up - down) / 2e-6;
  };
  std::vector<double> dx(4 * kPoles), dy(4 * kPoles), db(kPoles), dm(kPoles), ds(2 * kPoints);
  kernels::dplr_sums_gradient(problem.poles(), {kPoints, problem.s.data()}, g.data(),
                              {dx.data(), dy.data(), db.data(), dm.data(), ds.data()});
  for (size_t i = 0; i < 4 * kPoles; ++i) {
    CHECK(dx[i] == Approx(difference(problem.x[i])).margin(1e-6));
    CHECK(dy[i] == Approx(difference(problem.y[i])).margin(1e-6));
  }
  for (size_t p = 0; p < kPoles; ++p) {
    CHECK(db[p] == Approx(difference(problem.b[p])).margin(1e-6));
    CHECK(dm[p] == Approx(difference(problem.m[p])).margin(1e-6));
  }
  // What reaches s beside the denominators: conj(slope) g.
  for (size_t j = 0; j < kPoints; ++j) {
    Complex all(ds[j], ds[kPoints + j]);
    for (size_t q = 0; q < 4; ++q) {
      all += std::conj(problem.sum(static_cast<int64_t>(q), static_cast<int64_t>(j), true)) *
             Complex(g[2 * q * kPoints + j], g[(2 * q + 1) * kPoints + j]);
    }
    CHECK(all.real() == Approx(difference(problem.s[j])).margin(1e-6));
    CHECK(all.imag() == Approx(difference(problem.s[kPoints + j])).margin(1e-6));
  }
}
