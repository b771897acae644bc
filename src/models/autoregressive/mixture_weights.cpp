#include "models/autoregressive/mixture_weights.hpp"

#include <algorithm>
#include <cmath>

#include "base/error.hpp"
#include "base/log_sum_exp.hpp"

namespace mlrun {
namespace {

constexpr double kEnough = 1e-7;  // nats an example
constexpr int kMostRounds = 10000;
// A weight that EM drives to nothing stays a number: the part is then as good as absent, and can still be coded.
constexpr double kLeast = 1e-12;

}  // namespace

FittedWeights fit_mixture_weights(const std::vector<std::vector<double>>& nll) {
  require(!nll.empty() && !nll[0].empty(), "weights of a mixture without parts or examples");
  const size_t k = nll.size(), n = nll[0].size();
  // p_k(x) over the largest of them, so that a round is sums and products alone.
  std::vector<double> relative(n * k), w(k, 1.0 / static_cast<double>(k)), slope(k);
  for (size_t i = 0; i < n; ++i) {
    double least = nll[0][i];
    for (size_t c = 1; c < k; ++c) least = std::min(least, nll[c][i]);
    for (size_t c = 0; c < k; ++c) relative[i * k + c] = std::exp(least - nll[c][i]);
  }
  for (int round = 0; round < kMostRounds; ++round) {
    // slope_k = mean of p_k(x) / p(x), the derivative of the mean log-likelihood.
    std::fill(slope.begin(), slope.end(), 0.0);
    for (size_t i = 0; i < n; ++i) {
      const double* p = relative.data() + i * k;
      double total = 0;
      for (size_t c = 0; c < k; ++c) total += w[c] * p[c];
      for (size_t c = 0; c < k; ++c) slope[c] += p[c] / total / static_cast<double>(n);
    }
    // The mean log-likelihood f is concave and sum_k w_k slope_k = 1, so f(v) - f(w) <= sum_k (v_k - w_k) slope_k <=
    // max_k slope_k - 1 for all weights v.
    if (*std::max_element(slope.begin(), slope.end()) - 1 < kEnough) break;
    double total = 0;
    for (size_t c = 0; c < k; ++c) total += w[c] = std::max(kLeast, w[c] * slope[c]);
    for (double& weight : w) weight /= total;
  }
  FittedWeights fitted;
  for (const double weight : w) fitted.log_weights.push_back(std::log(weight));
  std::vector<double> terms(k);
  for (size_t i = 0; i < n; ++i) {
    for (size_t c = 0; c < k; ++c) terms[c] = fitted.log_weights[c] - nll[c][i];
    fitted.nll -= log_sum_exp(terms) / static_cast<double>(n);
  }
  return fitted;
}

}  // namespace mlrun
