// Augmentation of training images: each is shifted, turned, scaled or mirrored a little, before it is binarized, and the
// model is told by which of finitely many ways (distribution augmentation: Jun et al. 2020). Way 0 leaves the image as it
// is, so a model that is told 0 is a model of plain images, which is all that valid and test are ever made of.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/random.hpp"
#include "config/reader.hpp"
#include "data/binarization.hpp"
#include "tensor/tensor.hpp"

namespace mlrun {

struct AugmentOptions {
  // Reads the section `augment`. Only grey levels can be turned and scaled: anything else of data that is binary before
  // it comes to that is a mistake.
  AugmentOptions(config::Reader& spec, Binarization binarization);
  AugmentOptions() = default;
  int64_t shift = 0;    // pixels at most, to each side
  double turn = 0;      // degrees at most, to each side
  double scale = 0;     // share at most by which an image grows or shrinks
  bool mirror = false;  // left and right exchanged
  double plain = 0.5;   // share of the images of an epoch that are left as they are
};

// One way: the image is mirrored, scaled and turned about its middle, then shifted.
struct Augmentation {
  int64_t rows = 0, columns = 0;  // down, to the right
  double degrees = 0;             // counter-clockwise
  double factor = 1;
  bool mirrored = false;
};

class Augmenter {
 public:
  Augmenter() = default;  // of no ways but that of a plain image
  // Of images `shape` {rows, columns}: whole pixels of shift, the largest turn and half of it to each side, the largest
  // scale and none. The draws are the seed's.
  Augmenter(const AugmentOptions& options, const Shape& shape, uint64_t seed);

  int64_t count() const { return static_cast<int64_t>(ways_.size()); }
  const Augmentation& way(int64_t number) const { return ways_[static_cast<size_t>(number)]; }
  // Of an image of the training split in an epoch: a pure function of the seed and these.
  int64_t drawn(int64_t epoch, int64_t row) const;
  // An image [rows * columns] of levels 0 .. 255 (or symbols, where it is only shifted or mirrored) in place: bilinear
  // between the pixels, black from outside.
  void apply(int64_t number, std::span<int32_t> image) const;
  std::string words() const;  // ", augmented in 45 ways", or ""

 private:
  std::vector<Augmentation> ways_ = {Augmentation{}};
  int64_t height_ = 0, width_ = 0;
  double plain_ = 1;
  RandomStream draws_ = RandomStream(0, "augment");
};

}  // namespace mlrun
