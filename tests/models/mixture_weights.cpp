// The weights of a mixture, by expectation maximisation.
#include "models/autoregressive/mixture_weights.hpp"

#include <cmath>

#include "base/random.hpp"
#include "catch.hpp"

using namespace mlrun;

namespace {

double nll_of(const std::vector<std::vector<double>>& nll, const std::vector<double>& weights) {
  double mean = 0;
  for (size_t i = 0; i < nll[0].size(); ++i) {
    double p = 0;
    for (size_t k = 0; k < nll.size(); ++k) p += weights[k] * std::exp(-nll[k][i]);
    mean -= std::log(p) / static_cast<double>(nll[0].size());
  }
  return mean;
}

}  // namespace

TEST_CASE("the weights of a mixture are those of the law that the examples came from") {
  // Three biased dice; examples from 0.5, 0.3 and 0.2 of them.
  const double dice[3][4] = {{0.7, 0.1, 0.1, 0.1}, {0.1, 0.7, 0.1, 0.1}, {0.1, 0.1, 0.4, 0.4}};
  const RandomStream noise(1, "test/dice");
  std::vector<std::vector<double>> nll(3);
  for (uint64_t i = 0; i < 20000; ++i) {
    const double u = noise.uniform(2 * i), v = noise.uniform(2 * i + 1);
    const double* die = dice[u < 0.5 ? 0 : u < 0.8 ? 1 : 2];
    const size_t side = v < die[0] ? 0 : v < die[0] + die[1] ? 1 : v < die[0] + die[1] + die[2] ? 2 : 3;
    for (size_t k = 0; k < 3; ++k) nll[k].push_back(-std::log(dice[k][side]));
  }
  const FittedWeights fitted = fit_mixture_weights(nll);
  std::vector<double> w;
  for (const double log_w : fitted.log_weights) w.push_back(std::exp(log_w));
  CHECK(w[0] == Approx(0.5).margin(0.02));
  CHECK(w[1] == Approx(0.3).margin(0.02));
  CHECK(w[0] + w[1] + w[2] == Approx(1).epsilon(1e-12));
  CHECK(fitted.nll == Approx(nll_of(nll, w)).epsilon(1e-9));
  // No other weights are better.
  for (size_t a = 0; a < 3; ++a) {
    for (size_t b = 0; b < 3; ++b) {
      std::vector<double> other = w;
      const double moved = 0.01 * other[a];
      other[a] -= moved, other[b] += moved;
      CHECK(nll_of(nll, other) >= fitted.nll - 1e-7);
    }
  }
}

TEST_CASE("a part that helps nowhere keeps next to nothing, and far likelihoods do not overflow") {
  const FittedWeights fitted = fit_mixture_weights({{1000, 2000, 90000}, {1001, 2003, 90002}});
  CHECK(fitted.log_weights[0] == Approx(0).margin(1e-6));
  CHECK(std::isfinite(fitted.log_weights[1]));
  CHECK(fitted.nll == Approx(31000));
  CHECK(fit_mixture_weights({{3, 5}}).log_weights == std::vector<double>{0.0});
}
