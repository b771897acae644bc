// Pictures of one's own: folders of PNG and PGM files, or arrays of grey levels.
#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "base/log.hpp"
#include "config/starter.hpp"
#include "data/captions/caption_file.hpp"
#include "data/content_dataset.hpp"
#include "data/deal_out.hpp"
#include "data/image_array.hpp"
#include "data/image_folder.hpp"
#include "data/label_options.hpp"
#include "data/label_values.hpp"
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
    std::optional<Shape> shape, resize;
    LabelOptions labels;  // of arrays
    bool skip_damaged = false;
    std::optional<std::string> captions;
    Binarization binarization = Binarization::kStatic;
    AugmentOptions augment;
    RowLimits limits;
  };

  Images(const Options& options, const DataSources& sources) : Images(options, sources, load(options, sources)) {}

  std::optional<PictureCaptions> own_captions() const override {
    if (captions_.all.empty()) return std::nullopt;
    PictureCaptions captions = captions_;
    for (size_t i = 0; i < 3; ++i) captions.of_row[i].resize(static_cast<size_t>(count(static_cast<Split>(i))));
    return captions;
  }
  std::string why_no_labels() const override {
    if (spec().classes > 0) return "";
    return "data.kind: images has labels where pictures lie in folders, one for each class, or data.labels is a file "
           "of "
           "them, and here they do not";
  }

 private:
  struct Loaded {
    DataContent content;
    std::string words;         // ", 3 classes (0 cat, 1 dog, 2 eel)", or ""
    PictureCaptions captions;  // of all rows; none without data.captions
  };
  static Loaded load(const Options& options, const DataSources& sources);
  Images(const Options& options, const DataSources& sources, Loaded loaded)
      : ImageDataset(std::move(loaded.content), *options.folders[0], options.binarization, "drawn once for this folder",
                     options.augment, options.limits, sources),
        captions_(std::move(loaded.captions)) {
    description_ += loaded.words;
    if (!options.split.empty()) protocol_ += ", " + split_words(options.split, sources.seed);
    if (options.resize) protocol_ += fmt::format(", resized to {} x {}", (*options.resize)[0], (*options.resize)[1]);
  }

  PictureCaptions captions_;
};

Images::Options::Options(config::Reader& spec) {
  folders[0] = spec.string(
      "train", {.help = "folder of training pictures (PNG, PGM), beside the spec or under the data root; with classes, "
                        "a folder of folders, one for each. Or an array of images, [N, rows, columns] or "
                        "[N, D]: .npy, .csv, FILE.h5:/DATASET",
                .resolve = beside_spec(spec, "train")});
  folders[1] = spec.string_or("valid", "none",
                              {.help = "folder or array for validation; required unless `split` is given",
                               .resolve = beside_spec(spec, "valid")});
  folders[2] = spec.string_or(
      "test", "none",
      {.help = "folder or array for testing; required unless `split` is given", .resolve = beside_spec(spec, "test")});
  split = read_split(spec, "instead of valid and test: shares of `train` for the three splits, drawn by the seed");
  const std::vector<int64_t> size =
      spec.integers("resize", {.help = "[rows, columns] that every picture is brought to; empty: all have one size",
                               .min = 1,
                               .max = 1024,
                               .max_size = 2,
                               .fallback = std::vector<int64_t>{}});
  if (size.size() == 2) resize = size;
  const std::vector<int64_t> rows_columns =
      spec.integers("shape", {.help = "[rows, columns] of the images of an array [N, D]; empty: it says so itself",
                              .min = 1,
                              .max = 65536,
                              .max_size = 2,
                              .fallback = std::vector<int64_t>{}});
  spec.later("shape");
  if (rows_columns.size() == 2) shape = rows_columns;
  labels = LabelOptions(spec, folders, /*columns=*/false);
  skip_damaged = spec.choice("damaged", {"stop", "skip"},
                             {.help = "a picture that cannot be read: stop, or go on without it and say so",
                              .fallback = "stop"}) == "skip";
  captions =
      spec.string_or("captions", "none",
                     {.help = "a CSV file in each of the folders, with a line for each picture: file,caption; for "
                              "data.kind captions"});
  binarization = read_binarization(spec);
  augment = AugmentOptions(spec, binarization);
  limits = RowLimits(spec);
  for (size_t i = 0; i < 3; ++i)
    places[i] = SpecPlace(spec, name_of(static_cast<Split>(i)), folders[i].value_or("none"));
  spec.later("captions");
  if (spec.describing()) return;
  if (rows_columns.size() == 1) spec.mistake("shape", "found one number, expected [rows, columns]");
  if (captions && check_table_source(*folders[0]).empty())
    spec.mistake("captions", "given for an array; captions are of files in a folder of pictures");
  if (labels.any() && !check_table_source(*folders[0]).empty())
    spec.mistake("labels", "given for a folder of pictures, whose classes are its folders");
  if (size.size() == 1) spec.mistake("resize", "found one number, expected [rows, columns]");
  if (split.empty() && (!folders[1] || !folders[2])) {
    spec.mistake("train", fmt::format("'{}' is not given, and neither is 'split'", folders[1] ? "test" : "valid"),
                 "add 'split: [0.8, 0.1, 0.1]', or folders for valid and test");
  }
  if (!split.empty() && (folders[1] || folders[2]))
    spec.mistake("split", "given together with a folder for valid or test", "choose one of the two");
}

// An array as the folder of pictures that it could be.
ImageFolder folder_of(const ImageArray& array, const std::string& name, const Images::Options& options) {
  ImageFolder folder;
  folder.shape = options.resize.value_or(array.shape);
  for (const std::vector<uint8_t>& picture : array.pictures)
    folder.pictures.push_back(folder.shape == array.shape ? picture : resized(picture, array.shape, folder.shape));
  if (array.rounded) folder.warnings.push_back(name + ": grey levels that are not whole are rounded");
  if (array.black_and_white && options.binarization == Binarization::kNone)
    folder.warnings.push_back(name + ": all numbers are 0 or 1, so that grey levels are 0 and 255 only");
  return folder;
}

ImageFolder read_pictures(const Images::Options& options, size_t split, const ImageFolderOptions& reading,
                          const DataSources& sources) {
  const std::string& name = *options.folders[split];
  if (check_table_source(name).empty()) {
    const TableSource source = found_table(name, options.places[split], sources);
    return folder_of(read_image_array(source, options.shape, sources.cache), source.file, options);
  }
  try {
    return read_image_folder(path_under(sources.root, name), reading);
  } catch (const Error& e) {
    const std::string message = e.what();
    if (message.find("no such folder") == std::string::npos) throw;
    fail(ExitCode::kData, "{}   ({})\n  {}", message, options.places[split].words(), where_paths_begin(sources.root));
  }
}

// Captions of rows as numbers of captions, which are in alphabetical order.
PictureCaptions numbered(const std::array<std::vector<std::string>, 3>& captions) {
  std::map<std::string, int32_t> numbers;
  for (const auto& of_split : captions) {
    for (const std::string& caption : of_split) numbers[caption] = 0;
  }
  PictureCaptions numbered;
  for (auto& [caption, number] : numbers) {
    number = static_cast<int32_t>(numbered.all.size());
    numbered.all.push_back(caption);
  }
  for (size_t i = 0; i < 3; ++i) {
    for (const std::string& caption : captions[i]) numbered.of_row[i].push_back(numbers.at(caption));
  }
  return numbered;
}

Images::Loaded Images::load(const Options& options, const DataSources& sources) {
  Loaded loaded;
  DataContent& content = loaded.content;
  content.spec.alphabet = 256;
  ImageFolderOptions reading{options.resize, options.skip_damaged, {}, options.captions.value_or("")};
  std::array<std::vector<std::string>, 3> captions;
  std::string first;
  const auto label_sources = options.labels.sources(sources);
  std::vector<LabelValues> labels;
  std::vector<std::string> label_files;
  for (size_t i = 0; i < (options.split.empty() ? 3 : 1); ++i) {
    const std::string path = path_under(sources.root, *options.folders[i]);
    const ImageFolder folder = read_pictures(options, i, reading, sources);
    if (i == 0) {
      content.spec.shape = folder.shape;
      content.spec.classes = static_cast<int64_t>(folder.classes.size());
      reading.classes = folder.classes;
      first = path;
      content.names.classes = folder.classes;
      loaded.words = class_words(folder.classes, content.spec.classes);
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
    if (options.captions) {
      std::vector<std::string> files;
      for (const std::string& file : folder.files) files.push_back(file.substr(path.size() + 1));
      captions[i] = read_captions(path + "/" + *options.captions, files);
    }
    SymbolTableBuilder builder(content.spec.positions());
    for (const std::vector<uint8_t>& picture : folder.pictures) builder.append(std::span<const uint8_t>(picture));
    content.parts[i].symbols = std::move(builder).finish();
    content.parts[i].labels = folder.labels;
    if (label_sources[i]) {
      labels.push_back(read_labels(*label_sources[i], content.parts[i].symbols.rows(), sources.cache));
      label_files.push_back(label_sources[i]->file);
    }
    content.warnings.insert(content.warnings.end(), folder.warnings.begin(), folder.warnings.end());
  }
  for (const std::string& warning : content.warnings) log::warning("{}", warning);
  content.warnings.clear();
  if (!labels.empty()) {
    set_labels(content, labels, label_files);
    loaded.words = class_words(content.names.classes, content.spec.classes);
  }
  if (!options.split.empty()) {
    const auto dealt = deal_out(content, options.split, sources.seed, first);
    const std::vector<std::string> all = std::move(captions[0]);
    for (size_t i = 0; i < 3 && !all.empty(); ++i) {
      captions[i].clear();
      for (const int64_t row : dealt[i]) captions[i].push_back(all[static_cast<size_t>(row)]);
    }
  }
  loaded.captions = numbered(captions);
  if (options.binarization == Binarization::kStatic)
    content = drawn(content, RandomStream(kStaticSeed, "images binarization"));
  if (options.binarization == Binarization::kThreshold) content = thresholded(content);
  set_hash(content);
  return loaded;
}

[[maybe_unused]] const bool registered =
    register_dataset<Images>("images", "your own pictures: folders of PNG or PGM, or arrays");
[[maybe_unused]] const bool starter =
    config::register_starter("data.kind=images", {"data.train=pictures", "data.split=[0.8, 0.1, 0.1]"});

}  // namespace
}  // namespace mlrun
