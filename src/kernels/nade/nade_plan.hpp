// The order in which the backward half of NADE visits the images of one block of steps.
//
// Steps go in tiles of kTile. Within a tile, images are sorted by which of its symbols are 1, so that the branches of
// the inner loop, which depend on just that, are predicted. A hidden vector lives from one symbol that is 1 to the
// next: such a `version` has a number, counted image by image, in the order of steps.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/nade/nade.hpp"

namespace mlrun::kernels {

inline constexpr int64_t kTile = 4;
inline constexpr int64_t kPatterns = 1 << kTile;  // of the symbols of a tile

class NadePlan {
 public:
  struct Visit {
    int32_t image = 0;
    int32_t version = 0;  // the one in force after the tile's last step
    float dlogits[kTile] = {};
  };

  // The plan of steps [begin, end).
  void build(const NadeWeights& weights, const NadeTape& tape, const float* dlogits, int64_t begin, int64_t end);

  int64_t tiles() const { return tiles_; }
  int64_t versions() const { return first_version_.back(); }
  int64_t first_version(int64_t image) const { return first_version_[static_cast<size_t>(image)]; }
  // Steps, from `begin` on, whose symbol is 1 in this image; the k-th of them ends version first_version + k.
  const uint8_t* ones(int64_t image) const { return ones_.data() + (first_version(image) - image); }
  int64_t ones_count(int64_t image) const { return first_version(image + 1) - first_version(image) - 1; }
  // The images with this pattern, in ascending order.
  const Visit* begin(int64_t tile, int64_t pattern) const { return visits_.data() + at(tile, pattern); }
  const Visit* end(int64_t tile, int64_t pattern) const { return visits_.data() + at(tile, pattern + 1); }

 private:
  int64_t at(int64_t tile, int64_t pattern) const {
    return starts_[static_cast<size_t>(tile * (kPatterns + 1) + pattern)];
  }

  int64_t tiles_ = 0;
  std::vector<int64_t> first_version_, starts_;
  std::vector<uint8_t> ones_;
  std::vector<Visit> visits_;
};

}  // namespace mlrun::kernels
