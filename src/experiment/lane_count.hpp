// How many lanes a batch is cut into, where the spec leaves it to the program.
#pragma once

#include <cstdint>

namespace mlrun {

// Lanes of `compute.lanes: auto`: batch_size / examples_per_lane (Model::Facts), from 2 to 8, rounded down to a power
// of two so that the tree of base/lanes.hpp is whole, and never more than there are examples. More than 8 would each
// keep an arena of gradients in memory, which shows in models of millions of parameters, and help only where there are
// more cores. Nothing of the machine is in it: the same spec is the same computation everywhere.
int64_t lanes_for(int64_t batch_size, int64_t examples_per_lane);

}  // namespace mlrun
