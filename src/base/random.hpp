// Counter-based random numbers (Philox 4x32-10, Salmon et al. 2011, by way of Random123).
//
// A draw is a pure function of (seed, purpose, counter): there is no state to save, to lose, or to share between
// threads.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

namespace mlrun {

class RandomStream {
 public:
  // `purpose` separates uses of one seed: "init/decoder/weight", "batch order", "dropout", "sample" ...
  RandomStream(uint64_t seed, std::string_view purpose);
  // The stream for one value of an outer index (epoch, step, image ...): independent of all its siblings.
  RandomStream at(uint64_t index) const;

  std::array<uint32_t, 4> block(uint64_t counter) const;
  double uniform(uint64_t counter) const;                  // [0, 1), 53 bits
  double normal(uint64_t counter) const;                   // Box-Muller
  uint64_t below(uint64_t counter, uint64_t bound) const;  // 0 .. bound - 1, by multiply-shift on 64 bits
  std::vector<int64_t> permutation(int64_t count) const;   // Fisher-Yates

 private:
  RandomStream() = default;
  uint64_t key_ = 0, index_ = 0;
};

}  // namespace mlrun
