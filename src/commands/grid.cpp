#include "commands/grid.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/error.hpp"
#include "base/random.hpp"
#include "config/document.hpp"
#include "experiment/load_spec.hpp"
#include "io/sha256.hpp"

namespace mlrun {
namespace {

constexpr size_t kMostCombinations = 100'000;

void take(Combination& combination, const GridAxis& axis, size_t choice) {
  combination.overrides.push_back(axis.key + "=" + axis.values[choice]);
  combination.places.push_back(axis.places[choice]);
}

[[noreturn]] void too_many() {
  fail(ExitCode::kUsage, "more than {} combinations; make the grid smaller", kMostCombinations);
}

}  // namespace

std::vector<Combination> all_combinations(const std::vector<GridAxis>& axes) {
  size_t total = 1;
  for (const GridAxis& axis : axes) {
    total *= axis.values.size();
    if (total > kMostCombinations) too_many();
  }
  std::vector<Combination> combinations;
  for (size_t index = 0; index < total; ++index) {
    Combination combination;
    size_t rest = index, stride = total;
    for (const GridAxis& axis : axes) {
      stride /= axis.values.size();
      take(combination, axis, rest / stride);
      rest %= stride;
    }
    combinations.push_back(std::move(combination));
  }
  return combinations;
}

std::vector<Combination> zipped_combinations(const std::vector<GridAxis>& axes) {
  size_t length = 1;
  for (const GridAxis& axis : axes) length = std::max(length, axis.values.size());
  for (const GridAxis& axis : axes) {
    if (axis.values.size() != 1 && axis.values.size() != length)
      fail(ExitCode::kUsage, "--zip: {} has {} values, and another field {}", axis.key, axis.values.size(), length);
  }
  std::vector<Combination> combinations(length);
  for (size_t i = 0; i < length; ++i)
    for (const GridAxis& axis : axes) take(combinations[i], axis, axis.values.size() == 1 ? 0 : i);
  return combinations;
}

std::vector<Combination> random_combinations(const std::vector<GridAxis>& axes, int64_t count, uint64_t seed) {
  std::vector<Combination> combinations;
  std::set<std::vector<std::string>> seen;
  const RandomStream stream(seed, "grid");
  // Among few combinations the last ones come up rarely: there is patience for them, and an end.
  for (uint64_t draw = 0; static_cast<int64_t>(combinations.size()) < count; ++draw) {
    if (draw > 1000 + 100 * static_cast<uint64_t>(count)) {
      fail(ExitCode::kUsage, "--random {}: these fields have only {} different combinations", count,
           combinations.size());
    }
    const RandomStream here = stream.at(draw);
    Combination combination;
    for (size_t a = 0; a < axes.size(); ++a) {
      const GridAxis& axis = axes[a];
      if (!axis.range) {
        take(combination, axis, here.below(a, axis.values.size()));
        continue;
      }
      combination.overrides.push_back(axis.key + "=" + axis.range->value_at(here.uniform(a)));
      combination.places.push_back(axis.places.front());
    }
    if (seen.insert(combination.overrides).second) combinations.push_back(std::move(combination));
  }
  return combinations;
}

std::vector<Combination> with_seeds(const std::vector<Combination>& combinations, int64_t seeds) {
  if (static_cast<size_t>(seeds) * combinations.size() > kMostCombinations) too_many();
  std::vector<Combination> all;
  for (int64_t seed = 1; seed <= seeds; ++seed) {
    for (Combination combination : combinations) {
      combination.overrides.insert(combination.overrides.begin(), fmt::format("seed={}", seed));
      combination.places.insert(combination.places.begin(), "--seeds");
      all.push_back(std::move(combination));
    }
  }
  return all;
}

void check_combinations(const std::string& spec, const std::vector<Combination>& combinations,
                        const std::vector<std::string>& fixed) {
  const config::Diagnostics diagnostics;  // of all, so that a mistake that many combinations share is told once
  std::map<std::string, size_t> seen;     // digest of the resolved spec -> combination: 1e-3 and 0.001 are one value
  std::string twice;
  for (size_t index = 0; index < combinations.size(); ++index) {
    std::vector<std::string> overrides = combinations[index].overrides, places = combinations[index].places;
    overrides.insert(overrides.end(), fixed.begin(), fixed.end());
    for (const std::string& text : fixed) places.push_back("--" + text.substr(0, text.find('=')));
    const config::Document document = config::Document::load(spec, overrides, diagnostics, places);
    const ExperimentSpec checked(document.root());
    document.root().finish();
    if (diagnostics.count() > 0) continue;
    const config::Fields fields = resolved_fields(document, checked);
    require_labels(fields, checked, spec);
    const auto [first, is_new] = seen.emplace(io::sha256_hex(config::canonical_text(fields)), index);
    if (!is_new && twice.empty()) {
      twice = fmt::format("'{}' and '{}' are the same run", fmt::join(combinations[first->second].overrides, " "),
                          fmt::join(combinations[index].overrides, " "));
    }
  }
  diagnostics.throw_if_any();
  if (!twice.empty()) fail(ExitCode::kUsage, "{}; leave out one", twice);
}

}  // namespace mlrun
