// Two of the program's digits in one picture, one left of the other or above it: what a label cannot say, and a caption
// can. "a seven left of a two".
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/random.hpp"
#include "data/content_dataset.hpp"
#include "data/digits/digits.hpp"
#include "data/digits/handwriting.hpp"
#include "data/image_folder.hpp"

namespace mlrun {
namespace {

constexpr uint64_t kFirstDigit = 1'000'000;  // of the series: others than those of `digits`
constexpr int64_t kSide = kCanvas / 2;       // pixels of a digit

// Whether the first digit is above the second one; else it is left of it.
bool is_above(uint64_t index) { return RandomStream(2026, "digit pairs").below(index, 2) == 1; }

// Pair `index` of the series, into a canvas of 28 x 28.
void write_pair(uint64_t index, std::vector<uint8_t>& pixels) {
  pixels.assign(kCanvas * kCanvas, 0);
  const bool above = is_above(index);
  std::vector<uint8_t> digit(kCanvas * kCanvas);
  for (uint64_t k = 0; k < 2; ++k) {
    write_digit(kFirstDigit + 2 * index + k, digit.data());
    const std::vector<uint8_t> small = resized(digit, {kCanvas, kCanvas}, {kSide, kSide});
    const auto place = static_cast<int64_t>(k) * kSide;
    const int64_t top = above ? place : kSide / 2, left = above ? kSide / 2 : place;
    for (int64_t p = 0; p < kSide * kSide; ++p)
      pixels[static_cast<size_t>((top + p / kSide) * kCanvas + left + p % kSide)] = small[static_cast<size_t>(p)];
  }
}

DataContent write_all_pairs() {
  DataContent content;
  content.spec = {.shape = {kCanvas, kCanvas}, .alphabet = 256, .classes = 0};
  std::vector<uint8_t> pixels;
  uint64_t index = 0;
  for (size_t i = 0; i < 3; ++i) {
    SymbolTableBuilder builder(kCanvas * kCanvas);
    for (int64_t row = 0; row < kDigitRows[i]; ++row) {
      write_pair(index++, pixels);
      builder.append(std::span<const uint8_t>(pixels));
    }
    content.parts[i].symbols = std::move(builder).finish();
  }
  set_hash(content);
  return content;
}

class DigitPairs : public ImageDataset {
 public:
  struct Options {
    explicit Options(config::Reader& spec)
        : binarization(read_binarization(spec)), augment(spec, binarization), limits(spec) {}
    Binarization binarization;
    AugmentOptions augment;
    RowLimits limits;
  };

  DigitPairs(const Options& options, const DataSources& sources)
      : ImageDataset(handwritten("digit_pairs", "1", write_all_pairs, options.binarization, sources), "digit pairs",
                     options.binarization, "the program's draw", options.augment, options.limits, sources) {}

  std::string why_no_labels() const override {
    return "data.kind: digit_pairs has no labels: what two digits are, and where, a caption says   data.kind=captions";
  }

  std::optional<PictureCaptions> own_captions() const override {
    const auto named = [](int32_t digit) { return (digit == 8 ? "an " : "a ") + number_word(digit); };
    PictureCaptions captions;
    for (int32_t first = 0; first < 10; ++first) {
      for (int32_t second = 0; second < 10; ++second) {
        for (const char* where : {" left of ", " above "}) captions.all.push_back(named(first) + where + named(second));
      }
    }
    uint64_t begin = 0;
    for (size_t i = 0; i < 3; ++i) {
      const auto rows = static_cast<uint64_t>(count(static_cast<Split>(i)));
      for (uint64_t index = begin; index < begin + rows; ++index) {
        const int32_t first = facts_of_digit(kFirstDigit + 2 * index).label;
        const int32_t second = facts_of_digit(kFirstDigit + 2 * index + 1).label;
        captions.of_row[i].push_back((first * 10 + second) * 2 + (is_above(index) ? 1 : 0));
      }
      begin += static_cast<uint64_t>(kDigitRows[i]);
    }
    return captions;
  }
};

[[maybe_unused]] const bool registered =
    register_dataset<DigitPairs>("digit_pairs", "two of the program's digits in one picture: no files needed");

}  // namespace
}  // namespace mlrun
