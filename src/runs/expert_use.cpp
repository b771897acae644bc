#include "runs/expert_use.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numeric>

namespace mlrun {

std::vector<std::vector<double>> ExpertUse::shares() const {
  std::vector<std::vector<double>> all;
  for (const std::vector<int64_t>& of_block : counts) {
    const auto total = static_cast<double>(std::accumulate(of_block.begin(), of_block.end(), int64_t{0}));
    all.emplace_back();
    for (const int64_t count : of_block) all.back().push_back(static_cast<double>(count) / total);
  }
  return all;
}

double ExpertUse::effective() const {
  double least = std::numeric_limits<double>::infinity();
  for (const std::vector<double>& of_block : shares()) {
    double entropy = 0;
    for (const double share : of_block)
      if (share > 0) entropy -= share * std::log(share);
    least = std::min(least, std::exp(entropy));
  }
  return least;
}

std::map<std::string, double> ExpertUse::columns() const {
  std::map<std::string, double> all = {{"experts_effective", effective()}};
  const std::vector<std::vector<double>> of_blocks = shares();
  for (size_t b = 0; b < of_blocks.size(); ++b)
    for (size_t e = 0; e < of_blocks[b].size(); ++e) all[fmt::format("expert_{}_{}", b + 1, e + 1)] = of_blocks[b][e];
  return all;
}

std::string ExpertUse::summary() const {
  double least = 1, most = 0;
  for (const std::vector<double>& of_block : shares())
    for (const double share : of_block) least = std::min(least, share), most = std::max(most, share);
  return fmt::format("experts {:.1f} to {:.1f}%, as even as {:.1f} of {}", 100 * least, 100 * most, effective(),
                     counts.front().size());
}

std::string ExpertUse::warning() const {
  const std::vector<std::vector<double>> of_blocks = shares();
  for (size_t b = 0; b < of_blocks.size(); ++b) {
    const std::vector<double>& of_block = of_blocks[b];
    const double little = 0.1 / static_cast<double>(of_block.size());
    const auto idle = std::count_if(of_block.begin(), of_block.end(), [&](double share) { return share < little; });
    if (2 * idle < static_cast<std::ptrdiff_t>(of_block.size())) continue;
    return fmt::format(
        "{} of the {} experts of block {} are hardly ever chosen: the router has collapsed\n"
        "  a bias that follows faster   model.moe.balance=bias model.moe.rate=0.01\n"
        "  a loss                       model.moe.balance=loss model.moe.weight=0.1\n"
        "  fewer experts                model.moe.experts",
        idle, of_block.size(), b + 1);
  }
  return "";
}

}  // namespace mlrun
