#include "models/autoregressive/eonade_known.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

namespace mlrun {

std::vector<double> shares_of_unknown(int64_t d) {
  std::vector<double> shares;
  for (int64_t u = 1; u <= d; ++u) shares.push_back(std::sqrt(1.0 / static_cast<double>(u) + 0.02));
  const double total = std::accumulate(shares.begin(), shares.end(), 0.0);
  for (double& share : shares) share /= total;
  return shares;
}

Known draw_known(int64_t n, const std::vector<double>& shares, const RandomStream& noise) {
  const auto d = static_cast<int64_t>(shares.size());
  std::vector<double> up_to(shares.size());
  std::partial_sum(shares.begin(), shares.end(), up_to.begin());
  Known known = {Tensor({n, d}), Tensor({n, d})};
  std::vector<int64_t> positions(static_cast<size_t>(d));
  std::iota(positions.begin(), positions.end(), int64_t{0});
  const double start = noise.at(0).uniform(0);
  for (int64_t i = 0; i < n; ++i) {
    const double place = start + static_cast<double>(i) / static_cast<double>(n);
    const auto found = std::upper_bound(up_to.begin(), up_to.end() - 1, place - std::floor(place));
    const int64_t unknown = 1 + (found - up_to.begin());
    // The smaller of the two sets is drawn, to the front of `positions`.
    const bool few = d - unknown <= unknown;  // known ones
    const int64_t drawn = few ? d - unknown : unknown;
    const RandomStream stream = noise.at(static_cast<uint64_t>(1 + i));
    for (int64_t k = 0; k < drawn; ++k) {
      const auto other = k + static_cast<int64_t>(stream.below(static_cast<uint64_t>(k), static_cast<uint64_t>(d - k)));
      std::swap(positions[static_cast<size_t>(k)], positions[static_cast<size_t>(other)]);
    }
    const auto weight =
        static_cast<float>(1.0 / (static_cast<double>(unknown) * shares[static_cast<size_t>(unknown - 1)]));
    float* mask = known.mask.data<float>() + i * d;
    float* weights = known.weights.data<float>() + i * d;
    std::fill_n(mask, d, few ? 0.0f : 1.0f);
    std::fill_n(weights, d, few ? weight : 0.0f);
    for (int64_t k = 0; k < drawn; ++k) {
      mask[positions[static_cast<size_t>(k)]] = few ? 1.0f : 0.0f;
      weights[positions[static_cast<size_t>(k)]] = few ? 0.0f : weight;
    }
  }
  return known;
}

}  // namespace mlrun
