// Digits that the program writes itself: they cost no download, and like MNIST they are ten classes of 28 x 28 strokes,
// so that a fresh machine without a network can do the whole job.
#include "data/digits/digits.hpp"

#include <optional>

#include "data/cache.hpp"
#include "data/content_dataset.hpp"
#include "data/digits/digit_captions.hpp"
#include "data/digits/handwriting.hpp"

namespace mlrun {
DataContent write_all_digits() {
  DataContent content;
  content.spec = {.shape = {kCanvas, kCanvas}, .alphabet = 256, .classes = 10};
  std::array<uint8_t, kCanvas * kCanvas> pixels{};
  uint64_t index = 0;
  for (size_t i = 0; i < 3; ++i) {
    SymbolTableBuilder builder(kCanvas * kCanvas);
    auto& labels = content.parts[i].labels;
    for (int64_t row = 0; row < kDigitRows[i]; ++row) {
      labels.push_back(static_cast<uint8_t>(write_digit(index++, pixels.data())));
      builder.append(std::span<const uint8_t>(pixels));
    }
    content.parts[i].symbols = std::move(builder).finish();
  }
  set_hash(content);
  return content;
}

DataContent handwritten(const std::string& name, const std::string& cache_key, DataContent (*write)(),
                        Binarization binarization, const DataSources& sources) {
  switch (binarization) {
    case Binarization::kStatic:
      return cached(sources.cache, {name, cache_key + " static", {}},
                    [&] { return drawn(write(), RandomStream(2026, name + " binarization")); });
    case Binarization::kThreshold:
      return cached(sources.cache, {name, cache_key + " threshold", {}}, [&] { return thresholded(write()); });
    case Binarization::kDynamic:
    case Binarization::kNone:
      break;
  }
  return cached(sources.cache, {name, cache_key + " grey", {}}, write);
}

namespace {

class Digits : public ImageDataset {
 public:
  struct Options {
    explicit Options(config::Reader& spec)
        : binarization(read_binarization(spec)), augment(spec, binarization), limits(spec) {}
    Binarization binarization;
    AugmentOptions augment;
    RowLimits limits;
  };

  Digits(const Options& options, const DataSources& sources)
      : ImageDataset(handwritten("digits", "1", write_all_digits, options.binarization, sources), "digits",
                     options.binarization, "the program's draw", options.augment, options.limits, sources) {}

  std::optional<PictureCaptions> own_captions() const override {
    PictureCaptions captions;
    captions.all = all_digit_captions();
    uint64_t first = 0;
    for (size_t i = 0; i < 3; ++i) {
      const auto rows = static_cast<uint64_t>(count(static_cast<Split>(i)));
      for (uint64_t row = 0; row < rows; ++row)
        captions.of_row[i].push_back(digit_caption_of(facts_of_digit(first + row)));
      first += static_cast<uint64_t>(kDigitRows[i]);
    }
    return captions;
  }
};

[[maybe_unused]] const bool registered =
    register_dataset<Digits>("digits", "handwritten digits that the program draws: no files needed");

}  // namespace
}  // namespace mlrun
