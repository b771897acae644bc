#include "kernels/vector/bernoulli.hpp"

#include <cmath>
#include <limits>
#include <vector>

#include "base/random.hpp"
#include "catch.hpp"
#include "kernels/every_target.hpp"

using namespace mlrun;
using namespace mlrun::kernels;

namespace {

struct Problem {
  Problem(int64_t examples, int64_t length) : n(examples), positions(length) {
    const RandomStream random(5, "bernoulli test");
    for (int64_t i = 0; i < n * positions; ++i) {
      const uint64_t k = static_cast<uint64_t>(i);
      logits.push_back(static_cast<float>(6 * random.normal(k)));
      x.push_back(random.at(1).uniform(k) < 0.3 ? 1 : 0);
    }
  }
  int64_t n, positions;
  std::vector<float> logits;
  std::vector<int32_t> x;
};

}  // namespace

TEST_CASE("Bernoulli likelihood and its gradient follow the definition") {
  on_every_target([] {
    for (const int64_t positions : {1, 5, 16, 17, 100, 784}) {
      const Problem p(4, positions);
      CAPTURE(positions);
      std::vector<float> nll(4), gradient(p.logits.size());
      const std::vector<float> scale = {1.0f, 0.5f, -2.0f, 0.0f};
      bernoulli_nll_forward(p.logits.data(), p.x.data(), p.n, positions, nll.data());
      bernoulli_nll_backward(p.logits.data(), p.x.data(), scale.data(), p.n, positions, gradient.data());
      for (int64_t i = 0; i < p.n; ++i) {
        double sum = 0;
        for (int64_t k = 0; k < positions; ++k) {
          const size_t at = static_cast<size_t>(i * positions + k);
          const double l = static_cast<double>(p.logits[at]), probability = 1 / (1 + std::exp(-l));
          sum += p.x[at] ? std::log1p(std::exp(-l)) : std::log1p(std::exp(l));
          const double want = static_cast<double>(scale[static_cast<size_t>(i)]) * (probability - p.x[at]);
          CHECK(std::fabs(static_cast<double>(gradient[at]) - want) < 3e-7);
        }
        CHECK(static_cast<double>(nll[static_cast<size_t>(i)]) == Approx(sum).epsilon(1e-6));
      }
    }
  });
}

TEST_CASE("Bernoulli likelihood is finite for certain logits and honest about wrong ones") {
  on_every_target([] {
    const std::vector<float> logits = {1000.0f, -1000.0f, 1000.0f, -1000.0f};
    const std::vector<int32_t> x = {1, 0, 0, 1};
    std::vector<float> nll(4), gradient(4);
    const std::vector<float> scale(4, 1.0f);
    bernoulli_nll_forward(logits.data(), x.data(), 4, 1, nll.data());
    bernoulli_nll_backward(logits.data(), x.data(), scale.data(), 4, 1, gradient.data());
    CHECK(nll[0] < 1e-30f);
    CHECK(nll[1] < 1e-30f);
    CHECK(nll[2] == 1000.0f);
    CHECK(nll[3] == 1000.0f);
    CHECK(gradient[0] == 0.0f);
    CHECK(std::fabs(gradient[1]) < 1e-30f);
    CHECK(gradient[2] == 1.0f);
    CHECK(gradient[3] == -1.0f);
  });
}

TEST_CASE("A NaN logit makes the likelihood of its example NaN, and of no other") {
  on_every_target([] {
    Problem p(3, 21);
    p.logits[21 + 20] = std::numeric_limits<float>::quiet_NaN();
    std::vector<float> nll(3);
    bernoulli_nll_forward(p.logits.data(), p.x.data(), 3, 21, nll.data());
    CHECK(std::isfinite(nll[0]));
    CHECK(std::isnan(nll[1]));
    CHECK(std::isfinite(nll[2]));
  });
}
