// Captions and pictures in one stream (early fusion; Chameleon Team 2024): any data set of images, and what is said of
// each of them.
#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "base/error.hpp"
#include "base/random.hpp"
#include "config/starter.hpp"
#include "data/dataset.hpp"
#include "io/sha256.hpp"

namespace mlrun {
namespace {

enum class Words : uint8_t { kAuto, kOwn, kLabels };
enum class First : uint8_t { kBoth, kWords, kPicture };

class Captions : public Dataset {
 public:
  struct Options {
    explicit Options(config::Reader& spec) {
      config::Reader section = spec.section("of", "the pictures: a data set of images");
      pictures = dataset_kinds().choose(section, "mnist");
      words = spec.one_of<Words>(
          "words", {{"auto", Words::kAuto}, {"own", Words::kOwn}, {"labels", Words::kLabels}},
          {.help = "what captions are: own: what the data say of their pictures; labels: the names of their classes; "
                   "auto: own where there are any",
           .fallback = "auto"});
      first =
          spec.one_of<First>("first", {{"both", First::kBoth}, {"words", First::kWords}, {"picture", First::kPicture}},
                             {.help = "which part comes first; both: drawn for each row, anew for each epoch of "
                                      "training",
                              .fallback = "both"});
    }
    DatasetRegistry::Choice pictures;
    Words words;
    First first;
  };

  Captions(const Options& options, const DataSources& sources);

  const DataSpec& spec() const override { return spec_; }
  int64_t count(Split split) const override { return pictures_->count(split); }
  Batch batch(Split split, std::span<const int64_t> rows, int64_t epoch) const override {
    return joined(split, rows, epoch, pictures_->batch(split, rows, epoch));
  }
  Batch training_batch(std::span<const int64_t> rows, int64_t epoch) const override {
    return joined(Split::kTrain, rows, epoch, pictures_->training_batch(rows, epoch));
  }
  std::string protocol() const override { return protocol_; }
  std::string hash() const override { return hash_; }
  std::string description() const override { return description_; }
  bool has_pictures() const override { return true; }
  io::Image render(std::span<const int32_t> symbols) const override {
    return pictures_->render(stream_.read(symbols).picture);
  }
  const CaptionStream* caption_stream() const override { return &stream_; }
  std::vector<std::string> captions() const override { return captions_.all; }
  std::string why_no_labels() const override {
    return "data.kind: captions has words in the place of labels; a model of its pictures given their labels is one of "
           "data.of alone";
  }

 private:
  Batch joined(Split split, std::span<const int64_t> rows, int64_t epoch, const Batch& pictures) const;
  bool picture_first(Split split, int64_t row, int64_t epoch) const;

  std::unique_ptr<Dataset> pictures_;
  First first_;
  std::array<RandomStream, 3> draws_;  // by Split: which part comes first
  PictureCaptions captions_;
  CaptionStream stream_;
  std::vector<std::vector<int32_t>> words_;  // of each caption
  DataSpec spec_;
  std::string protocol_, hash_, description_;
};

constexpr std::array<Split, 3> kSplits = {Split::kTrain, Split::kValid, Split::kTest};

PictureCaptions captions_of_labels(const Dataset& pictures) {
  PictureCaptions captions;
  captions.all = pictures.names().classes;
  for (int64_t c = static_cast<int64_t>(captions.all.size()); c < pictures.spec().classes; ++c)
    captions.all.push_back(number_word(c));
  constexpr int64_t kAtOnce = 1024;
  for (const Split split : kSplits) {
    std::vector<int32_t>& of_row = captions.of_row[static_cast<size_t>(split)];
    const int64_t count = pictures.count(split);
    for (int64_t begin = 0; begin < count; begin += kAtOnce) {
      std::vector<int64_t> rows;
      for (int64_t row = begin; row < std::min(count, begin + kAtOnce); ++row) rows.push_back(row);
      const Tensor labels = pictures.batch(split, rows, 0).labels;
      of_row.insert(of_row.end(), labels.data<int32_t>(), labels.data<int32_t>() + labels.count());
    }
  }
  return captions;
}

// What the pictures say of fields of data, in this spec.
std::string below_of(std::string message) {
  constexpr std::string_view kData = "data.", kOf = "of.";
  for (size_t at = message.find(kData); at != std::string::npos; at = message.find(kData, at + kData.size()))
    message.insert(at + kData.size(), kOf);
  return message;
}

struct FoundCaptions {
  PictureCaptions captions;
  bool own = false;  // the data's
};

FoundCaptions captions_of(const Dataset& pictures, Words words) {
  if (!pictures.spec().is_image()) {
    fail(ExitCode::kUsage, "data.of: expected a data set of images, found rows of {} symbols: {}",
         pictures.spec().positions(), pictures.description());
  }
  if (words != Words::kLabels) {
    if (auto own = pictures.own_captions()) return {std::move(*own), true};
    if (words == Words::kOwn) {
      fail(ExitCode::kUsage,
           "data.words: own, and {} says nothing of its pictures\n"
           "  data that do             data.of.kind=digits, data.of.kind=digit_pairs, or images with data.of.captions\n"
           "  the names of classes     data.words=labels",
           pictures.description());
    }
  }
  if (pictures.spec().classes == 0) {
    fail(ExitCode::kUsage, "data.kind captions: there are neither captions nor labels to make some of: {}",
         below_of(pictures.why_no_labels()));
  }
  return {captions_of_labels(pictures), false};
}

Captions::Captions(const Options& options, const DataSources& sources)
    : pictures_(options.pictures.build(sources)),
      first_(options.first),
      draws_{RandomStream(sources.seed, "captions/first/train"), RandomStream(sources.seed, "captions/first/valid"),
             RandomStream(sources.seed, "captions/first/test")} {
  FoundCaptions found = captions_of(*pictures_, options.words);
  captions_ = std::move(found.captions);
  std::string all;
  int64_t longest = 0;
  for (const std::string& caption : captions_.all) {
    all += caption;
    longest = std::max(longest, static_cast<int64_t>(codes_of(caption, TextUnit::kCharacters).size()));
  }
  stream_ = CaptionStream(pictures_->spec(), Vocabulary::of(all, TextUnit::kCharacters), longest);
  for (const std::string& caption : captions_.all) words_.push_back(stream_.words_of(caption, "a caption"));
  spec_ = stream_.spec();
  spec_.augmentations = pictures_->spec().augmentations;

  const char* order = first_ == First::kBoth    ? "either first"
                      : first_ == First::kWords ? "words first"
                                                : "picture first";
  protocol_ =
      fmt::format("{} and picture, {}, {}", found.own ? "caption" : "label in words", order, pictures_->protocol());
  description_ = fmt::format("{} captions of {}", captions_.all.size(), pictures_->description());
  io::Sha256 sha;
  sha.update(fmt::format("captions of {}\n", pictures_->hash()));
  for (const std::string& caption : captions_.all) sha.update(caption + "\n");
  for (const std::vector<int32_t>& of_row : captions_.of_row)
    sha.update(std::as_bytes(std::span<const int32_t>(of_row)));
  hash_ = sha.hex();
}

bool Captions::picture_first(Split split, int64_t row, int64_t epoch) const {
  if (first_ != First::kBoth) return first_ == First::kPicture;
  const RandomStream draws =
      draws_[static_cast<size_t>(split)].at(split == Split::kTrain ? static_cast<uint64_t>(epoch) : 0);
  return draws.below(static_cast<uint64_t>(row), 2) == 1;
}

Batch Captions::joined(Split split, std::span<const int64_t> rows, int64_t epoch, const Batch& pictures) const {
  Batch batch;
  const auto length = static_cast<size_t>(spec_.positions()), pixels = static_cast<size_t>(stream_.parts().picture);
  batch.symbols = Tensor({pictures.count(), spec_.positions()}, DType::kS32);
  batch.augmentation = pictures.augmentation;
  int32_t* to = batch.symbols.data<int32_t>();
  const int32_t* from = pictures.symbols.data<int32_t>();
  for (const int64_t row : rows) {
    const int32_t caption = captions_.of_row[static_cast<size_t>(split)][static_cast<size_t>(row)];
    stream_.join(words_[static_cast<size_t>(caption)], {from, pixels}, picture_first(split, row, epoch), {to, length});
    to += length;
    from += pixels;
  }
  return batch;
}

[[maybe_unused]] const bool registered =
    register_dataset<Captions>("captions", "captions and pictures in one stream, of any data set of images");
[[maybe_unused]] const bool starter = config::register_starter("data.kind=captions", {"data.of.kind=digits"});

}  // namespace
}  // namespace mlrun
