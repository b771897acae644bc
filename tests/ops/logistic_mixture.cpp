#include "ops/logistic_mixture.hpp"

#include <cmath>

#include "catch.hpp"
#include "gradient_check.hpp"

namespace mlrun {

using test::random_tensor;

TEST_CASE("the probabilities of a mixture of logistics sum to 1, and agree with the definition in double") {
  for (const int64_t symbols : {3, 7, 256}) {
    const int64_t m = 3;
    Tensor x = random_tensor({5, 3 * m}, 1, -2.0f, 2.0f);
    for (int64_t r = 0; r < 5; ++r) {
      for (int64_t c = 0; c < m; ++c) x.data<float>()[r * 3 * m + 2 * m + c] *= 3;  // from wide to narrow
    }
    const Tensor y = ops::logistic_mixture(x, symbols).value();
    for (int64_t r = 0; r < 5; ++r) {
      const float* p = x.data<float>() + r * 3 * m;
      double total = 0, weights = 0;
      for (int64_t c = 0; c < m; ++c) weights += std::exp(static_cast<double>(p[c]));
      for (int64_t k = 0; k < symbols; ++k) {
        const double half = 1.0 / static_cast<double>(symbols - 1), at = 2.0 * static_cast<double>(k) * half - 1;
        double expected = 0;
        for (int64_t c = 0; c < m; ++c) {
          const double mean = static_cast<double>(p[m + c]), scale = std::exp(static_cast<double>(p[2 * m + c]));
          const auto below = [&](double b) { return 1 / (1 + std::exp(-(b - mean) / scale)); };
          const double upper = k + 1 == symbols ? 1 : below(at + half), lower = k == 0 ? 0 : below(at - half);
          expected += std::exp(static_cast<double>(p[c])) / weights * (upper - lower);
        }
        expected = expected * (1 - 1e-6) + 1e-6 / static_cast<double>(symbols);
        const double found = static_cast<double>(y.data<float>()[r * symbols + k]);
        CHECK(found == Approx(std::log(expected)).margin(1e-3));
        total += std::exp(found);
      }
      CHECK(total == Approx(1).margin(1e-5));
    }
  }
}

TEST_CASE("the gradients of a mixture of logistics agree with differences") {
  for (const int64_t symbols : {3, 20}) {
    const Tensor x = random_tensor({4, 6}, 2);
    CHECK(test::gradient_error([&](auto& v) { return ops::logistic_mixture(v[0], symbols); }, {x}) <
          test::kGradientLimit);
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
