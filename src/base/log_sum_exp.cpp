#include "base/log_sum_exp.hpp"

#include <algorithm>
#include <cmath>

namespace mlrun {

double log_sum_exp(std::span<const double> terms) {
  const double most = *std::max_element(terms.begin(), terms.end());
  double sum = 0;
  for (const double term : terms) sum += std::exp(term - most);
  return most + std::log(sum);
}

}  // namespace mlrun
