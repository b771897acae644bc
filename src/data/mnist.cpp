// MNIST (LeCun et al. 1998) and every set published in its format; and its static binarization (Larochelle & Murray
// 2011), on which NADE, MADE and most likelihoods in the literature were measured.
#include <algorithm>
#include <optional>

#include "base/advice.hpp"
#include "base/error.hpp"
#include "base/lanes.hpp"
#include "data/cache.hpp"
#include "data/content_dataset.hpp"
#include "data/idx.hpp"
#include "data/source_file.hpp"
#include "data/text_table.hpp"
#include "io/gzip.hpp"

namespace mlrun {
namespace {

constexpr uint64_t kMaxAmat = uint64_t{1} << 28;  // the training file unpacks to 78 MB

class Mnist : public ImageDataset {
 public:
  struct Options {
    explicit Options(config::Reader& spec)
        : binarization(read_binarization(spec)),
          root(spec.string_or("root", "auto",
                              {.help = "folder of the files, beside the spec or under the data root; auto: "
                                       "binarized_mnist for static, else "
                                       "mnist",
                               .resolve = beside_spec(spec, "root")})),
          augment(spec, binarization),
          limits(spec),
          place(spec, "kind", "mnist") {}
    Binarization binarization;
    std::optional<std::string> root;
    AugmentOptions augment;
    RowLimits limits;
    SpecPlace place;

    bool is_static() const { return binarization == Binarization::kStatic; }
    std::string folder() const { return root.value_or(is_static() ? "binarized_mnist" : "mnist"); }
  };

  Mnist(const Options& options, const DataSources& sources)
      : ImageDataset(load(options, sources), options.root ? *options.root : "MNIST", options.binarization, "Larochelle",
                     options.augment, options.limits, sources),
        static_(options.is_static()) {}

  std::string why_no_labels() const override {
    if (!static_) return "";
    return "data.binarization: static has no labels: Larochelle's files hold none, and their rows are in another order "
           "than "
           "MNIST's\n  with labels   data.binarization=dynamic (or threshold, none)";
  }

 private:
  static DataContent load(const Options& options, const DataSources& sources);
  bool static_;
};

[[noreturn]] void missing(const std::string& path, const Mnist::Options& options) {
  std::string message = fmt::format("{}.gz is missing   ({})", path, options.place.words());
  if (!options.root) {
    message += "\n  get it with   " + fetching(options.folder());
    if (const auto offline = advice::with("data.kind=digits")) message += "\n  or, offline   " + *offline;
  } else if (options.is_static()) {
    message +=
        "\n  static binarization exists as Larochelle's files of MNIST only; for other images\n  take          "
        "data.binarization=dynamic (or threshold, none)";
  } else {
    message += "\n  put there     the four idx files of the set, plain or .gz";
    if (const auto offline = advice::with("data.kind=digits")) message += "\n  or, offline   " + *offline;
  }
  throw Error(ExitCode::kData, message);
}

DataContent read_static(const std::vector<std::string>& files) {
  DataContent content;
  content.spec = {.shape = {28, 28}, .alphabet = 2, .classes = 0};
  for (size_t i = 0; i < 3; ++i) {
    const io::Bytes text = io::read_maybe_gzip(files[i], kMaxAmat);
    content.parts[i].symbols = parse_text_table(text.text(), files[i], 1);
    if (const int64_t width = content.parts[i].symbols.width(); width != 784) {
      fail(ExitCode::kData,
           "{}:1: found {} numbers, expected 784 (28 x 28 pixels)\n  for other rows of symbols take "
           "data.kind=table",
           files[i], width);
    }
  }
  return content;
}

void append_images(DataContent& content, Split split, const IdxArray& images, const IdxArray& labels, Range rows) {
  const auto width = static_cast<size_t>(content.spec.positions());
  SymbolTableBuilder builder(content.spec.positions());
  for (int64_t i = rows.begin; i < rows.end; ++i) {
    builder.append(images.values().subspan(static_cast<size_t>(i) * width, width));
  }
  auto& part = content.part(split);
  part.symbols = std::move(builder).finish();
  const auto chosen = labels.values().subspan(static_cast<size_t>(rows.begin), static_cast<size_t>(rows.size()));
  part.labels.assign(chosen.begin(), chosen.end());
  for (const uint8_t label : part.labels) content.spec.classes = std::max<int64_t>(content.spec.classes, label + 1);
}

bool only_zeros(const SymbolTable& table) {
  const auto bytes = table.bytes();
  return std::all_of(bytes.begin(), bytes.end(), [](std::byte b) { return b == std::byte{0}; });
}

// Black and white written as 0 and 1 would be black all over: grey levels go up to 255. Black images are told of.
DataContent with_white(DataContent grey, const std::string& file) {
  const auto& parts = grey.parts;
  const bool bits = std::all_of(parts.begin(), parts.end(), [](const auto& p) { return p.symbols.bits() == 1; });
  for (size_t i = 0; i < 3; ++i) {
    if (!only_zeros(parts[i].symbols)) continue;
    grey.warnings.push_back(fmt::format("{}: every pixel of the {} {} images is 0, black", file,
                                        parts[i].symbols.rows(), name_of(static_cast<Split>(i))));
  }
  if (!bits || grey.warnings.size() == 3) return grey;
  grey.warnings.push_back(
      fmt::format("{}: the images hold 0 and 1 only, where 0 .. 255 was expected: 1 is taken as white, 255", file));
  for (auto& part : grey.parts) {
    SymbolTableBuilder builder(part.symbols.width());
    std::vector<int32_t> row(static_cast<size_t>(part.symbols.width()));
    for (int64_t i = 0; i < part.symbols.rows(); ++i) {
      part.symbols.unpack(i, row.data());
      for (int32_t& pixel : row) pixel *= 255;
      builder.append(std::span<const int32_t>(row));
    }
    part.symbols = std::move(builder).finish();
  }
  return grey;
}

// files: training images and labels, test images and labels.
DataContent read_grey(const std::vector<std::string>& files) {
  DataContent content;
  content.spec.alphabet = 256;
  for (size_t i = 0; i < 4; i += 2) {
    const IdxArray images = read_idx(files[i], 3), labels = read_idx(files[i + 1], 1);
    const int64_t count = images.shape[0];
    const Shape shape = {images.shape[1], images.shape[2]};
    if (labels.shape[0] != count) {
      fail(ExitCode::kData, "{}: found {} labels, expected {}, one for each image of {}", files[i + 1], labels.shape[0],
           count, files[i]);
    }
    if (i == 0) {
      if (count < 6) fail(ExitCode::kData, "{}: found {} images, expected at least 6", files[i], count);
      content.spec.shape = shape;
      const int64_t train = count - count / 6;  // MNIST's usual split: the last 10,000 of 60,000 are for validation
      append_images(content, Split::kTrain, images, labels, {0, train});
      append_images(content, Split::kValid, images, labels, {train, count});
    } else {
      if (shape != content.spec.shape) {
        fail(ExitCode::kData, "{}: found images of {}, expected {} as in {}", files[i], to_string(shape),
             to_string(content.spec.shape), files[0]);
      }
      append_images(content, Split::kTest, images, labels, {0, count});
    }
  }
  return with_white(std::move(content), files[0]);
}

DataContent Mnist::load(const Options& options, const DataSources& sources) {
  const std::string folder = path_under(sources.root, options.folder());
  std::vector<std::string> names = {"train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte",
                                    "t10k-labels-idx1-ubyte"};
  if (options.is_static())
    names = {"binarized_mnist_train.amat", "binarized_mnist_valid.amat", "binarized_mnist_test.amat"};
  std::vector<std::string> files;
  for (const std::string& name : names) {
    files.push_back(find_data_file(folder + "/" + name));
    if (files.back().empty()) missing(folder + "/" + name, options);
  }
  if (options.is_static()) return cached(sources.cache, {"mnist", "static", files}, [&] { return read_static(files); });
  if (options.binarization == Binarization::kThreshold) {
    return cached(sources.cache, {"mnist", "threshold", files}, [&] { return thresholded(read_grey(files)); });
  }
  return cached(sources.cache, {"mnist", "grey", files}, [&] { return read_grey(files); });
}

[[maybe_unused]] const bool registered =
    register_dataset<Mnist>("mnist", "MNIST, its static binarization, or any set of idx files");

}  // namespace
}  // namespace mlrun
