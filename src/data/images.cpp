// Pictures of one's own: folders of PNG and PGM files.
#include <algorithm>
#include <array>
#include <optional>

#include "base/error.hpp"
#include "base/log.hpp"
#include "config/starter.hpp"
#include "data/content_dataset.hpp"
#include "data/deal_out.hpp"
#include "data/image_folder.hpp"
#include "data/source_file.hpp"

namespace mlrun {
namespace {

// The draw of static binarization is the same for everybody.
constexpr uint64_t kStaticSeed = 2026;

class Images : public ImageDataset {
 public:
  struct Options {
    explicit Options(config::Reader& spec);
    std::array<std::optional<std::string>, 3> folders;  // by Split; only the first with `split`
    std::array<SpecPlace, 3> places;
    std::vector<double> split;
    std::optional<Shape> resize;
    bool skip_damaged = false;
    Binarization binarization = Binarization::kStatic;
    AugmentOptions augment;
    RowLimits limits;
  };

  Images(const Options& options, const DataSources& sources) : Images(options, sources, load(options, sources)) {}

  std::string why_no_labels() const override {
    if (spec().classes > 0) return "";
    return "data.kind: images has labels where pictures lie in folders, one for each class, and here they do not";
  }

 private:
  struct Loaded {
    DataContent content;
    std::string words;  // ", 3 classes (0 cat, 1 dog, 2 eel)", or ""
  };
  static Loaded load(const Options& options, const DataSources& sources);
  Images(const Options& options, const DataSources& sources, Loaded loaded)
      : ImageDataset(std::move(loaded.content), *options.folders[0], options.binarization, "drawn once for this folder",
                     options.augment, options.limits, sources) {
    description_ += loaded.words;
    if (!options.split.empty()) protocol_ += ", " + split_words(options.split, sources.seed);
    if (options.resize) protocol_ += fmt::format(", resized to {} x {}", (*options.resize)[0], (*options.resize)[1]);
  }
};

Images::Options::Options(config::Reader& spec) {
  folders[0] =
      spec.string("train", {.help = "folder of training pictures (PNG, PGM), under the data root; with classes, "
                                    "a folder of folders, one for each"});
  folders[1] = spec.string_or("valid", "none", {.help = "folder for validation; required unless `split` is given"});
  folders[2] = spec.string_or("test", "none", {.help = "folder for testing; required unless `split` is given"});
  split = read_split(spec, "instead of valid and test: shares of `train` for the three splits, drawn by the seed");
  const std::vector<int64_t> size =
      spec.integers("resize", {.help = "[rows, columns] that every picture is brought to; empty: all have one size",
                               .min = 1,
                               .max = 1024,
                               .max_size = 2,
                               .fallback = std::vector<int64_t>{}});
  if (size.size() == 2) resize = size;
  skip_damaged = spec.choice("damaged", {"stop", "skip"},
                             {.help = "a picture that cannot be read: stop, or go on without it and say so",
                              .fallback = "stop"}) == "skip";
  binarization = read_binarization(spec);
  augment = AugmentOptions(spec, binarization);
  limits = RowLimits(spec);
  for (size_t i = 0; i < 3; ++i)
    places[i] = SpecPlace(spec, name_of(static_cast<Split>(i)), folders[i].value_or("none"));
  if (spec.describing()) return;
  if (size.size() == 1) spec.mistake("resize", "found one number, expected [rows, columns]");
  if (split.empty() && (!folders[1] || !folders[2])) {
    spec.mistake("train", fmt::format("'{}' is not given, and neither is 'split'", folders[1] ? "test" : "valid"),
                 "add 'split: [0.8, 0.1, 0.1]', or folders for valid and test");
  }
  if (!split.empty() && (folders[1] || folders[2]))
    spec.mistake("split", "given together with a folder for valid or test", "choose one of the two");
}

Images::Loaded Images::load(const Options& options, const DataSources& sources) {
  Loaded loaded;
  DataContent& content = loaded.content;
  content.spec.alphabet = 256;
  ImageFolderOptions reading{options.resize, options.skip_damaged, {}};
  std::string first;
  for (size_t i = 0; i < (options.split.empty() ? 3 : 1); ++i) {
    const std::string path = path_under(sources.root, *options.folders[i]);
    ImageFolder folder;
    try {
      folder = read_image_folder(path, reading);
    } catch (const Error& e) {
      const std::string message = e.what();
      if (message.find("no such folder") == std::string::npos) throw;
      fail(ExitCode::kData, "{}   ({})\n  relative paths start at the data root, {} (MLRUN_DATA_ROOT)", message,
           options.places[i].words(), sources.root);
    }
    if (i == 0) {
      content.spec.shape = folder.shape;
      content.spec.classes = static_cast<int64_t>(folder.classes.size());
      reading.classes = folder.classes;
      first = path;
      for (size_t c = 0; c < std::min<size_t>(folder.classes.size(), 12); ++c)
        loaded.words += fmt::format("{}{} {}", c ? ", " : "", c, folder.classes[c]);
      if (folder.classes.size() > 12) loaded.words += " ...";
      if (!folder.classes.empty()) loaded.words = fmt::format(", {} classes ({})", folder.classes.size(), loaded.words);
    } else if (folder.shape != content.spec.shape) {
      fail(ExitCode::kData,
           "{}: found pictures of {} x {} pixels, expected {} x {} as in {}\n  bring all of them to one size   "
           "'data.resize=[{}, {}]'",
           path, folder.shape[0], folder.shape[1], content.spec.shape[0], content.spec.shape[1], first,
           content.spec.shape[0], content.spec.shape[1]);
    } else if (folder.labels.empty() != content.parts[0].labels.empty()) {
      fail(ExitCode::kData, "{}: {} classes, and {} has {}", path, folder.labels.empty() ? "has no" : "has", first,
           folder.labels.empty() ? "them" : "none");
    }
    SymbolTableBuilder builder(content.spec.positions());
    for (const std::vector<uint8_t>& picture : folder.pictures) builder.append(std::span<const uint8_t>(picture));
    content.parts[i].symbols = std::move(builder).finish();
    content.parts[i].labels = std::move(folder.labels);
    content.warnings.insert(content.warnings.end(), folder.warnings.begin(), folder.warnings.end());
  }
  for (const std::string& warning : content.warnings) log::warning("{}", warning);
  content.warnings.clear();
  if (!options.split.empty()) deal_out(content, options.split, sources.seed, first);
  if (options.binarization == Binarization::kStatic)
    content = drawn(content, RandomStream(kStaticSeed, "images binarization"));
  if (options.binarization == Binarization::kThreshold) content = thresholded(content);
  set_hash(content);
  return loaded;
}

[[maybe_unused]] const bool registered = register_dataset<Images>("images", "folders of your own pictures, PNG or PGM");
[[maybe_unused]] const bool starter =
    config::register_starter("data.kind=images", {"data.train=pictures", "data.split=[0.8, 0.1, 0.1]"});

}  // namespace
}  // namespace mlrun
