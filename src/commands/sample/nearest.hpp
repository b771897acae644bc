// Is a model copying? The training images nearest to each sample, and how near they are to images that it never saw.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/lanes.hpp"
#include "data/dataset.hpp"
#include "io/image.hpp"

namespace mlrun {

struct NearestImages {
  std::vector<int64_t> rows;      // of the training split, the nearest first
  std::vector<double> distances;  // of each, see `unit`
};

struct NearestOutcome {
  int64_t train_images = 0;
  std::string unit;                    // "pixels" that differ, or "rms" of grey levels
  std::vector<NearestImages> samples;  // of each sample, `most` of them
  std::vector<io::Image> pictures;     // of each sample: itself, then its nearest
  // The distance to the nearest training image, in the middle: of the samples, and of as many test images.
  double median = 0, test_median = 0;
  int64_t test_images = 0;
  int64_t copies = 0;  // samples that are a training image, pixel for pixel
};

// `samples`: symbols s32 [n, positions] of the images of `data`. Distances are counts of pixels that differ where images
// are binary, else the root of the mean squared difference of symbols. Training images are those of epoch 0, not
// augmented. Error(kUsage) where the data are no images.
NearestOutcome nearest_images(const Tensor& samples, const Dataset& data, int64_t most, LanePool& pool);

}  // namespace mlrun
