// The weights of a mixture whose components are fixed.
#pragma once

#include <vector>

namespace mlrun {

struct FittedWeights {
  std::vector<double> log_weights;  // exp of them sums to 1
  double nll = 0;                   // mean -log sum_k w_k p_k(x), nats
};

// The weights that make the mean log-likelihood of the examples largest, by expectation maximisation from equal ones:
// w_k <- mean over x of w_k p_k(x) / sum_j w_j p_j(x). nll[k][i] is -log p_k of example i in nats, of at least one
// example. It ends where the gradient says that no other weights are better by more than 1e-7 nats an example, or
// after 10,000 rounds.
FittedWeights fit_mixture_weights(const std::vector<std::vector<double>>& nll);

}  // namespace mlrun
