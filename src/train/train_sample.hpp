// A fixed sample of the training split as a data set of its own, so that training examples are judged by the law that
// valid is judged by: no dropout, averaged weights, images that are not augmented.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "data/dataset.hpp"

namespace mlrun {

class TrainSample : public Dataset {
 public:
  // `size` examples (or as many as there are), evenly spread over the training split of `data`, which must outlive it.
  TrainSample(const Dataset& data, int64_t size);

  const DataSpec& spec() const override { return data_.spec(); }
  int64_t count(Split) const override { return static_cast<int64_t>(rows_.size()); }
  // Whatever the split and the epoch: what is drawn for each epoch is drawn once, as in epoch 0.
  Batch batch(Split split, std::span<const int64_t> rows, int64_t epoch) const override;
  std::string protocol() const override { return data_.protocol(); }
  std::string hash() const override { return data_.hash(); }
  std::string description() const override { return data_.description(); }
  DataNames names() const override { return data_.names(); }
  const Vocabulary* vocabulary() const override { return data_.vocabulary(); }
  const CaptionStream* caption_stream() const override { return data_.caption_stream(); }
  std::string why_no_labels() const override { return data_.why_no_labels(); }

 private:
  const Dataset& data_;
  std::vector<int64_t> rows_;  // of the training split
};

}  // namespace mlrun
