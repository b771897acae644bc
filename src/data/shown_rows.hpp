// Which examples of a split to look at.
#pragma once

#include <cstdint>
#include <vector>

#include "data/dataset.hpp"

namespace mlrun {

// `count` rows of the split (all where there are fewer) that stand for all of it: with labels, equally many of each
// class, class by class; without, spread evenly over its length, since files are often in the order of their classes,
// as Larochelle's test images are. The same rows in every call.
std::vector<int64_t> shown_rows(const Dataset& data, Split split, int64_t count);

}  // namespace mlrun
