// The order in which an epoch visits the training rows.
#pragma once

#include <cstdint>
#include <vector>

namespace mlrun {

// A permutation of 0 .. count - 1: a pure function of its arguments, so a resumed run goes on where it was.
std::vector<int64_t> epoch_order(uint64_t seed, int64_t epoch, int64_t count);

}  // namespace mlrun
