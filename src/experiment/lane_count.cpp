#include "experiment/lane_count.hpp"

#include <algorithm>
#include <bit>

namespace mlrun {
namespace {

constexpr int64_t kMostByRule = 8;

}  // namespace

int64_t lanes_for(int64_t batch_size, int64_t examples_per_lane) {
  const int64_t lanes = std::clamp<int64_t>(batch_size / examples_per_lane, 2, kMostByRule);
  return static_cast<int64_t>(std::bit_floor(static_cast<uint64_t>(std::min(lanes, batch_size))));
}

}  // namespace mlrun
