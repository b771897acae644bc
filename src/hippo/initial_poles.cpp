#include "hippo/initial_poles.hpp"

#include <numbers>

#include "base/error.hpp"
#include "hippo/legs_normal.hpp"

namespace mlrun::hippo {

std::vector<std::complex<double>> s4d_poles(PoleInit kind, int64_t count) {
  require(count > 0, "{} poles", count);
  std::vector<std::complex<double>> poles;
  if (kind == PoleInit::kLegS) {
    for (const double frequency : legs_frequencies(2 * count)) poles.emplace_back(-0.5, frequency);
    return poles;
  }
  const auto states = static_cast<double>(2 * count);
  for (int64_t i = 0; i < count; ++i) {
    const auto n = static_cast<double>(i);
    switch (kind) {
      case PoleInit::kLegS:
        break;
      case PoleInit::kLin:
        poles.emplace_back(-0.5, std::numbers::pi * n);
        break;
      case PoleInit::kInv:
        poles.emplace_back(-0.5, states / std::numbers::pi * (states / (2 * n + 1) - 1));
        break;
      case PoleInit::kReal:
        poles.emplace_back(-(n + 1), 0.0);
        break;
    }
  }
  return poles;
}

}  // namespace mlrun::hippo
