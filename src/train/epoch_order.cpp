#include "train/epoch_order.hpp"

#include "base/random.hpp"

namespace mlrun {

std::vector<int64_t> epoch_order(uint64_t seed, int64_t epoch, int64_t count) {
  return RandomStream(seed, "batch order").at(static_cast<uint64_t>(epoch)).permutation(count);
}

}  // namespace mlrun
