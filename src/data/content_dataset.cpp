#include "data/content_dataset.hpp"

#include "base/error.hpp"

namespace mlrun {

Batch ContentDataset::batch(Split split, std::span<const int64_t> rows, int64_t epoch) const {
  return unpacked(split, rows, epoch, Augmenter());
}

Batch ContentDataset::training_batch(std::span<const int64_t> rows, int64_t epoch) const {
  return unpacked(Split::kTrain, rows, epoch, augmenter_);
}

Batch ContentDataset::unpacked(Split split, std::span<const int64_t> rows, int64_t epoch,
                               const Augmenter& augmenter) const {
  const auto& part = content_.part(split);
  const auto count = static_cast<int64_t>(rows.size());
  const auto width = static_cast<size_t>(spec().positions());
  Batch batch;
  batch.symbols = Tensor({count, spec().positions()}, DType::kS32);
  int32_t* out = batch.symbols.data<int32_t>();
  std::optional<RandomStream> stream;
  if (redraw_ && split == Split::kTrain) stream = redraw_->at(static_cast<uint64_t>(epoch));
  int32_t* way = nullptr;
  if (augmenter.count() > 1) {
    batch.augmentation = Tensor({count}, DType::kS32);
    way = batch.augmentation.data<int32_t>();
  }
  for (const int64_t row : rows) {
    part.symbols.unpack(row, out);
    if (way) {
      const int64_t drawn = augmenter.drawn(epoch, row);
      augmenter.apply(drawn, {out, width});
      *way++ = static_cast<int32_t>(drawn);
    }
    if (stream) draw_bits(*stream, row, {out, width});
    out += width;
  }
  if (spec().classes > 0) {
    batch.labels = Tensor({count}, DType::kS32);
    int32_t* label = batch.labels.data<int32_t>();
    for (const int64_t row : rows) *label++ = part.labels[static_cast<size_t>(row)];
  }
  return batch;
}

std::string ContentDataset::sizes() const {
  return fmt::format("{}/{}/{}", count(Split::kTrain), count(Split::kValid), count(Split::kTest));
}

ImageDataset::ImageDataset(DataContent grey, const std::string& name, Binarization binarization,
                           const std::string& static_words, const AugmentOptions& augment, const RowLimits& limits,
                           const DataSources& sources) {
  content_ = limited(std::move(grey), limits);
  augmenter_ = Augmenter(augment, content_.spec.shape, sources.seed);
  content_.spec.augmentations = augmenter_.count();
  protocol_ = name_of(binarization);
  switch (binarization) {
    case Binarization::kStatic:
      protocol_ += " (" + static_words + ")";
      break;
    case Binarization::kDynamic: {
      protocol_ +=
          fmt::format(" (seed {}{})", sources.seed, sources.draw ? fmt::format(", draw {}", sources.draw) : "");
      redraw_ = RandomStream(sources.seed, "binarization");
      content_.spec.alphabet = 2;
      for (const Split split : {Split::kValid, Split::kTest}) {
        const RandomStream stream(sources.seed, std::string("binarization/") + name_of(split));
        auto& part = content_.part(split);
        part.symbols = drawn(part.symbols, stream.at(sources.draw));
      }
      break;
    }
    case Binarization::kThreshold:
      protocol_ += fmt::format(" (grey >= {})", kThresholdGrey);
      break;
    case Binarization::kNone:
      protocol_ += " (256 grey levels)";
      break;
  }
  protocol_ += limits.words();
  description_ =
      name + " " + sizes() +
      (binarization == Binarization::kNone ? ", grey" : std::string(", binarized: ") + name_of(binarization)) +
      augmenter_.words() + limits.words();
}

}  // namespace mlrun
