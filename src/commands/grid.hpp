// The combinations of given values of a spec's fields, each checked before any is run.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "commands/grid_values.hpp"

namespace mlrun {

// One run of a sweep: an override for each axis ("a.b=c"), with how messages call it.
struct Combination {
  std::vector<std::string> overrides, places;
};

// All of them: the last axis varies fastest. More than 100 000 are Error(kUsage).
std::vector<Combination> all_combinations(const std::vector<GridAxis>& axes);
// The first values of all axes together, then the second ones ...; an axis with one value keeps it. Error(kUsage) for
// axes of different lengths.
std::vector<Combination> zipped_combinations(const std::vector<GridAxis>& axes);
// `count` different ones: of each axis one of its values, or a number of its range, drawn evenly. The same seed gives
// the same ones, and a larger count begins with those of a smaller one. Error(kUsage) where there are not so many.
std::vector<Combination> random_combinations(const std::vector<GridAxis>& axes, int64_t count, uint64_t seed);

// Each combination with seed=1, then each with seed=2 ...: seeds vary slowest, so that a sweep that is stopped early
// has seen every setting.
std::vector<Combination> with_seeds(const std::vector<Combination>& combinations, int64_t seeds);

// All mistakes of all combinations at once as Error(kUsage); so are two that are the same run. `fixed` overrides are
// part of every check.
void check_combinations(const std::string& spec, const std::vector<Combination>& combinations,
                        const std::vector<std::string>& fixed = {});

}  // namespace mlrun
