#include "ops/logistic_mixture.hpp"

#include <cmath>

#include "catch.hpp"
#include "gradient_check.hpp"

namespace mlrun {

using test::random_tensor;

namespace {

// log p of each symbol by the definition, of m components: p holds log-weights, means, log-scales.
std::vector<double> log_probabilities(const std::vector<double>& p, int64_t symbols) {
  const size_t m = p.size() / 3;
  std::vector<double> logs;
  double weights = 0;
  for (size_t c = 0; c < m; ++c) weights += std::exp(p[c]);
  for (int64_t k = 0; k < symbols; ++k) {
    const double half = 1.0 / static_cast<double>(symbols - 1), at = 2.0 * static_cast<double>(k) * half - 1;
    double mass = 0;
    for (size_t c = 0; c < m; ++c) {
      const auto below = [&](double b) { return 1 / (1 + std::exp(-(b - p[m + c]) / std::exp(p[2 * m + c]))); };
      const double upper = k + 1 == symbols ? 1 : below(at + half), lower = k == 0 ? 0 : below(at - half);
      mass += std::exp(p[c]) / weights * (upper - lower);
    }
    logs.push_back(std::log(mass * (1 - 1e-6) + 1e-6 / static_cast<double>(symbols)));
  }
  return logs;
}

std::vector<double> row_of(const Tensor& x, int64_t r) {
  const float* p = x.data<float>() + r * x.dim(1);
  return {p, p + x.dim(1)};
}

}  // namespace

TEST_CASE("the probabilities of a mixture of logistics sum to 1, and agree with the definition in double") {
  for (const int64_t symbols : {3, 7, 256}) {
    const int64_t m = 3;
    Tensor x = random_tensor({5, 3 * m}, 1, -2.0f, 2.0f);
    for (int64_t r = 0; r < 5; ++r) {
      for (int64_t c = 0; c < m; ++c) x.data<float>()[r * 3 * m + 2 * m + c] *= 3;  // from wide to narrow
    }
    const Tensor y = ops::logistic_mixture(x, symbols).value();
    for (int64_t r = 0; r < 5; ++r) {
      const std::vector<double> expected = log_probabilities(row_of(x, r), symbols);
      double total = 0;
      for (int64_t k = 0; k < symbols; ++k) {
        const double found = static_cast<double>(y.data<float>()[r * symbols + k]);
        CHECK(found == Approx(expected[static_cast<size_t>(k)]).margin(1e-3));
        total += std::exp(found);
      }
      CHECK(total == Approx(1).margin(1e-5));
    }
  }
}

// Differences of the definition and not of the op, whose f32 leaves of a small difference little but rounding.
TEST_CASE("the gradients of a mixture of logistics agree with differences of the definition") {
  constexpr double kStep = 1e-5;
  for (const int64_t symbols : {3, 20}) {
    const Tensor x = random_tensor({4, 6}, 2), weights = random_tensor({4, symbols}, 3);
    const Tensor found =
        test::gradients([&](auto& v) { return ops::logistic_mixture(v[0], symbols); }, {x}, weights)[0];
    for (int64_t r = 0; r < 4; ++r) {
      for (size_t i = 0; i < 6; ++i) {
        const auto loss = [&](double step) {
          std::vector<double> p = row_of(x, r);
          p[i] += step;
          const std::vector<double> logs = log_probabilities(p, symbols);
          double sum = 0;
          for (int64_t k = 0; k < symbols; ++k)
            sum += static_cast<double>(weights.data<float>()[r * symbols + k]) * logs[static_cast<size_t>(k)];
          return sum;
        };
        const double expected = (loss(kStep) - loss(-kStep)) / (2 * kStep);
        INFO(symbols << " symbols, row " << r << ", number " << i);
        CHECK(static_cast<double>(found.data<float>()[r * 6 + static_cast<int64_t>(i)]) ==
              Approx(expected).epsilon(1e-3).margin(1e-4));
      }
    }
  }
}

TEST_CASE("a mixture far from a symbol still gives it a finite logit and gradient") {
  const Tensor x = Tensor::of({1, 3}, {0.0f, 40.0f, -50.0f}), weights = Tensor::full({1, 256}, 1.0f);
  const Tensor y = ops::logistic_mixture(x, 256).value();
  const auto g = test::gradients([](auto& v) { return ops::logistic_mixture(v[0], 256); }, {x}, weights);
  for (int64_t k = 0; k < 256; ++k) CHECK(std::isfinite(y.data<float>()[k]));
  for (int64_t k = 0; k < 3; ++k) CHECK(std::isfinite(g[0].data<float>()[k]));
}

}  // namespace mlrun
