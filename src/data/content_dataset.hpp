// The data set that most kinds are: its content in memory, its batches unpacked from there.
#pragma once

#include <optional>
#include <string>

#include "base/random.hpp"
#include "data/augmentation.hpp"
#include "data/binarization.hpp"
#include "data/content.hpp"

namespace mlrun {

class ContentDataset : public Dataset {
 public:
  const DataSpec& spec() const override { return content_.spec; }
  int64_t count(Split split) const override { return content_.part(split).symbols.rows(); }
  Batch batch(Split split, std::span<const int64_t> rows, int64_t epoch) const override;
  Batch training_batch(std::span<const int64_t> rows, int64_t epoch) const override;
  std::string protocol() const override { return protocol_; }
  std::string hash() const override { return content_.hash; }
  std::string description() const override { return description_; }
  DataNames names() const override { return content_.names; }

 protected:
  ContentDataset() = default;
  std::string sizes() const;  // "50000/10000/10000"

  DataContent content_;
  std::string protocol_, description_;
  std::optional<RandomStream> redraw_;  // training symbols are grey and drawn anew for each epoch
  Augmenter augmenter_;                 // of training images, before they are drawn

 private:
  Batch unpacked(Split split, std::span<const int64_t> rows, int64_t epoch, const Augmenter& augmenter) const;
};

// Grey images and their binarization. `grey` is what may be drawn from, or already binary where `binarization` is
// static or threshold; `static_words` names the draw that static means.
class ImageDataset : public ContentDataset {
 protected:
  ImageDataset(DataContent grey, const std::string& name, Binarization binarization, const std::string& static_words,
               const AugmentOptions& augment, const RowLimits& limits, const DataSources& sources);
};

}  // namespace mlrun
