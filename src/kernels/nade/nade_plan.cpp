#include "kernels/nade/nade_plan.hpp"

#include <algorithm>
#include <bit>

namespace mlrun::kernels {

void NadePlan::build(const NadeWeights& weights, const NadeTape& tape, const float* dlogits, int64_t begin,
                     int64_t end) {
  const int64_t n = tape.examples, pixels = tape.pixels, row_bytes = (pixels + 7) / 8;
  tiles_ = (end - begin + kTile - 1) / kTile;
  first_version_.assign(1, 0);
  ones_.clear();
  starts_.assign(static_cast<size_t>(tiles_ * (kPatterns + 1)), 0);
  visits_.resize(static_cast<size_t>(tiles_ * n));

  // begin is a multiple of 8, and bits past the last pixel are 0.
  const auto pattern_of = [&](int64_t image, int64_t tile) {
    const int64_t step = begin + tile * kTile;
    return (tape.ones[static_cast<size_t>(image * row_bytes + step / 8)] >> (step % 8)) & (kPatterns - 1);
  };
  for (int64_t image = 0; image < n; ++image) {
    for (int64_t tile = 0; tile < tiles_; ++tile) {
      const int pattern = pattern_of(image, tile);
      ++starts_[static_cast<size_t>(tile * (kPatterns + 1) + pattern + 1)];
      for (int r = 0; r < kTile; ++r) {
        if (pattern >> r & 1) ones_.push_back(static_cast<uint8_t>(tile * kTile + r));
      }
    }
    first_version_.push_back(static_cast<int64_t>(ones_.size()) + image + 1);
  }
  for (int64_t tile = 0; tile < tiles_; ++tile) {
    int64_t* starts = starts_.data() + tile * (kPatterns + 1);
    starts[0] = tile * n;
    for (int64_t p = 0; p < kPatterns; ++p) starts[p + 1] += starts[p];
    int64_t next[kPatterns];
    std::copy_n(starts, kPatterns, next);
    const int64_t first = begin + tile * kTile, count = std::min(kTile, end - first);
    for (int64_t image = 0; image < n; ++image) {
      Visit& visit = visits_[static_cast<size_t>(next[pattern_of(image, tile)]++)];
      visit.image = static_cast<int32_t>(image);
      const float* row = dlogits + image * pixels;
      for (int64_t r = 0; r < count; ++r) visit.dlogits[r] = row[weights.order ? weights.order[first + r] : first + r];
      for (int64_t r = count; r < kTile; ++r) visit.dlogits[r] = 0.0f;
    }
  }
  // The version after each tile: one more for every symbol that is 1.
  std::vector<int32_t> version(static_cast<size_t>(n));
  for (int64_t image = 0; image < n; ++image) {
    version[static_cast<size_t>(image)] = static_cast<int32_t>(first_version(image));
  }
  for (int64_t tile = 0; tile < tiles_; ++tile) {
    for (int64_t pattern = 0; pattern < kPatterns; ++pattern) {
      for (int64_t v = at(tile, pattern); v < at(tile, pattern + 1); ++v) {
        Visit& visit = visits_[static_cast<size_t>(v)];
        int32_t& current = version[static_cast<size_t>(visit.image)];
        current += std::popcount(static_cast<unsigned>(pattern));
        visit.version = current;
      }
    }
  }
}

}  // namespace mlrun::kernels
