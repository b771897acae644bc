// Digits that the program writes itself: they cost no download, and like MNIST they are ten classes of 28 x 28 strokes,
// so that a fresh machine without a network can do the whole job.
#include "data/digits/digits.hpp"

#include "data/cache.hpp"
#include "data/content_dataset.hpp"
#include "data/digits/handwriting.hpp"

namespace mlrun {
namespace {

constexpr std::array<int64_t, 3> kRows = {50000, 10000, 10000};

}  // namespace

DataContent write_all_digits() {
  DataContent content;
  content.spec = {.shape = {kCanvas, kCanvas}, .alphabet = 256, .classes = 10};
  std::array<uint8_t, kCanvas * kCanvas> pixels{};
  uint64_t index = 0;
  for (size_t i = 0; i < 3; ++i) {
    SymbolTableBuilder builder(kCanvas * kCanvas);
    auto& labels = content.parts[i].labels;
    for (int64_t row = 0; row < kRows[i]; ++row) {
      labels.push_back(static_cast<uint8_t>(write_digit(index++, pixels.data())));
      builder.append(std::span<const uint8_t>(pixels));
    }
    content.parts[i].symbols = std::move(builder).finish();
  }
  set_hash(content);
  return content;
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
      : ImageDataset(load(options.binarization, sources), "digits", options.binarization, "the program's draw",
                     options.augment, options.limits, sources) {}

 private:
  static DataContent load(Binarization binarization, const DataSources& sources) {
    // The key's number goes up when the handwriting changes.
    switch (binarization) {
      case Binarization::kStatic:
        return cached(sources.cache, {"digits", "1 static", {}},
                      [] { return drawn(write_all_digits(), RandomStream(2026, "digits binarization")); });
      case Binarization::kThreshold:
        return cached(sources.cache, {"digits", "1 threshold", {}}, [] { return thresholded(write_all_digits()); });
      case Binarization::kDynamic:
      case Binarization::kNone:
        break;
    }
    return cached(sources.cache, {"digits", "1 grey", {}}, write_all_digits);
  }
};

[[maybe_unused]] const bool registered =
    register_dataset<Digits>("digits", "handwritten digits that the program draws: no files needed");

}  // namespace
}  // namespace mlrun
