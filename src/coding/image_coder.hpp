// A trained model as a lossless code for images: by its own step view; or of two stages, the codes by the prior and
// then every pixel given the codes, so that the bytes are the bound that `mlrun eval` states.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "base/lanes.hpp"
#include "experiment/trained_model.hpp"
#include "io/sha256.hpp"

namespace mlrun {

// SHA-256 of what decides a model's logits: its section of the spec, its data's shape, and every parameter and buffer.
// Equal for a run and for the same run stopped and resumed.
io::Digest model_digest(const TrainedModel& trained);

class ImageCoder {
 public:
  virtual ~ImageCoder() = default;
  virtual const DataSpec& images() const = 0;
  virtual int stages() const = 0;
  virtual io::Digest digest() const = 0;  // of all models that take part
  // Symbols s32 [count, positions] -> streams_of(count) blocks of bytes.
  virtual std::vector<std::vector<std::byte>> encode(const Tensor& symbols, LanePool& pool) const = 0;
  // Error(kData): the streams are not what this coder makes.
  virtual Tensor decode(std::span<const std::span<const std::byte>> streams, int64_t count, LanePool& pool) const = 0;
  // What the streams should cost, nats for each image: -log p(x); of two stages the bound on it (evaluate/bound.hpp),
  // which is met in the mean where the encoder draws.
  virtual std::vector<double> nll(const Tensor& symbols, LanePool& pool) const = 0;
};

// The model must outlive it. Error(kUsage) where it has no likelihood of images.
std::unique_ptr<ImageCoder> image_coder(const TrainedModel& trained);

}  // namespace mlrun
