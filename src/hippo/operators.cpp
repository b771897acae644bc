#include "hippo/operators.hpp"

#include <cmath>

#include "base/error.hpp"

namespace mlrun::hippo {

const char* name_of(Measure measure) {
  switch (measure) {
    case Measure::kLegS:
      return "legs";
    case Measure::kLegT:
      return "legt";
    case Measure::kLagT:
      return "lagt";
  }
  return "";
}

System system_of(Measure measure, int64_t order, double theta) {
  require(order > 0 && theta > 0, "a HiPPO system of order {} with theta {}", order, theta);
  System s = {Matrix(order, order), std::vector<double>(static_cast<size_t>(order))};
  const auto root = [](int64_t n) { return std::sqrt(2 * static_cast<double>(n) + 1); };
  for (int64_t n = 0; n < order; ++n) {
    double& b = s.b[static_cast<size_t>(n)];
    b = measure == Measure::kLagT ? 1 / theta : measure == Measure::kLegT ? root(n) / theta : root(n);
    for (int64_t k = 0; k < order; ++k) {
      double& a = s.a.at(n, k);
      switch (measure) {
        case Measure::kLegS:
          a = n > k ? -root(n) * root(k) : n == k ? -static_cast<double>(n + 1) : 0.0;
          break;
        case Measure::kLegT:
          a = -root(n) * root(k) / theta * (n < k && (k - n) % 2 == 1 ? -1 : 1);
          break;
        case Measure::kLagT:
          a = n >= k ? -1 / theta : 0.0;
          break;
      }
    }
  }
  return s;
}

}  // namespace mlrun::hippo
