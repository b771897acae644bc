// Pixels as the numbers that a convolution takes.
#pragma once

#include <string>

#include "config/reader.hpp"
#include "nn/conv.hpp"
#include "symbols/data_spec.hpp"

namespace mlrun {

// Fails with kUsage unless the data are images.
void require_images(const DataSpec& data, const std::string& kind);

enum class PixelInput : uint8_t { kAuto, kScalar, kOneHot };
// Reads the key `input` of a model's section.
PixelInput read_pixel_input(config::Reader& reader);

// How symbols enter a convolution: as one number s / (alphabet - 1) (auto: binary and 256 grey levels), or one-hot.
class PixelEncoding {
 public:
  PixelEncoding(PixelInput input, const DataSpec& data);
  int64_t channels() const { return one_hot_ ? alphabet_ : 1; }
  // A first layer, of stride 1, on symbols s32 [n, positions] -> [n, height, width, out] (+ add, if defined).
  Variable convolved(Pass& pass, const Conv& layer, const Tensor& symbols, const Variable& add = {}) const;
  Tensor images(const Tensor& symbols) const;         // s32 [n, positions] -> [n, height, width, channels]
  void pixel(int32_t symbol, float* channels) const;  // one of them
  std::string in_words() const;                       // "one-hot of 4": what the channels are

 private:
  int64_t height_, width_, alphabet_;
  bool one_hot_;
};

}  // namespace mlrun
