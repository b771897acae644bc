// The facts of reference.hpp, established anew from the files.
#include <fmt/format.h>

#include <array>
#include <bitset>
#include <functional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "data/content.hpp"
#include "data/digits/digits.hpp"
#include "data/idx.hpp"
#include "data/reference.hpp"
#include "data/source_file.hpp"
#include "data/text_table.hpp"
#include "io/gzip.hpp"

namespace mlrun {
namespace {

constexpr uint64_t kMaxBytes = uint64_t{1} << 30;
using State = DataFact::State;

class Facts {
 public:
  explicit Facts(const std::string& root) : root_(root) {}

  void add(const std::string& subject, const std::string& fact, const std::string& expected, const std::string& found) {
    facts.push_back({subject, fact, expected, found, expected == found ? State::kHolds : State::kFails});
  }
  // Establishes facts of a set that may be missing or damaged; `files` are plain names under the root, and `body` is
  // given where each was found.
  void examine(const std::string& subject, const std::vector<std::string>& files,
               const std::function<void(const std::vector<std::string>&)>& body) {
    std::vector<std::string> paths;
    for (const std::string& file : files) {
      paths.push_back(find_data_file(path_under(root_, file)));
      if (!paths.back().empty()) continue;
      facts.push_back({subject, "content", "", "missing", State::kMissing});
      return;
    }
    try {
      body(paths);
    } catch (const Error& error) {
      facts.push_back({subject, "content", "readable", error.what(), State::kFails});
    }
  }

  std::vector<DataFact> facts;

 private:
  std::string root_;
};

void check_sums(Facts& facts, const std::string& root) {
  const std::vector<FileStatus> files = data_files(root);
  for (size_t i = 0; i < known_files().size(); ++i) {  // the known ones come first
    const FileStatus& file = files[i];
    const bool missing = file.state == FileStatus::State::kMissing;
    const State state = missing                                  ? State::kMissing
                        : file.state == FileStatus::State::kGood ? State::kHolds
                                                                 : State::kFails;
    facts.facts.push_back(
        {file.path, kContentSum, missing ? "" : known_files()[i].sha256, missing ? "missing" : file.found, state});
  }
}

void check_static(Facts& facts) {
  std::vector<std::string> files;
  for (size_t i = 0; i < 3; ++i) {
    files.push_back(fmt::format("binarized_mnist/binarized_mnist_{}.amat", name_of(static_cast<Split>(i))));
  }
  facts.examine("static MNIST", files, [&](const std::vector<std::string>& paths) {
    std::array<SymbolTable, 3> tables;
    const std::array<const char*, 3> rows = {"50000 x 784", "10000 x 784", "10000 x 784"};
    const std::array<const char*, 3> ones = {"102.3608", "102.8036", "103.8896"};
    for (size_t i = 0; i < 3; ++i) {
      const std::string split = name_of(static_cast<Split>(i));
      tables[i] = parse_text_table(io::read_maybe_gzip(paths[i], kMaxBytes).text(), paths[i], 1);
      facts.add("static MNIST", split + ": rows", rows[i], fmt::format("{} x {}", tables[i].rows(), tables[i].width()));
      facts.add("static MNIST", split + ": mean number of ones", ones[i], fmt::format("{:.4f}", mean_ones(tables[i])));
    }
    facts.add("static MNIST", "test: nats of independent pixels", fmt::format("{:.2f}", kIndependentNll),
              fmt::format("{:.2f}", independent_nll(tables[0], tables[2])));
  });
}

SymbolTable table_of(const IdxArray& images) {
  const auto width = static_cast<size_t>(images.shape[1] * images.shape[2]);
  SymbolTableBuilder builder(static_cast<int64_t>(width));
  for (size_t at = 0; at < images.values().size(); at += width) builder.append(images.values().subspan(at, width));
  return std::move(builder).finish();
}

void check_mnist(Facts& facts) {
  for (const bool train : {true, false}) {
    const std::string set = train ? "train" : "t10k", subject = "MNIST " + set;
    const std::string folder = "mnist/" + set;
    facts.examine(subject, {folder + "-images-idx3-ubyte", folder + "-labels-idx1-ubyte"}, [&](const auto& paths) {
      const IdxArray images = read_idx(paths[0], 3), labels = read_idx(paths[1], 1);
      facts.add(subject, "images", train ? "[60000, 28, 28]" : "[10000, 28, 28]", to_string(images.shape));
      uint64_t sum = 0;
      for (const uint8_t pixel : images.values()) sum += pixel;
      facts.add(subject, "sum of all grey levels", train ? "1567298545" : "264923200", std::to_string(sum));
      std::array<int64_t, 256> counts{};
      for (const uint8_t label : labels.values()) ++counts[label];
      const std::string found = fmt::format("{}", fmt::join(counts.begin(), counts.begin() + 10, " "));
      facts.add(
          subject, "images of each class",
          train ? "5923 6742 5958 6131 5842 5421 5918 6265 5851 5949" : "980 1135 1032 1010 982 892 958 1028 974 1009",
          found);
      if (!train) {
        facts.add(subject, "nats of binarization noise", fmt::format("{:.2f}", kBinarizationNoise),
                  fmt::format("{:.2f}", binarization_noise(table_of(images))));
      }
    });
  }
}

void check_text(Facts& facts) {
  facts.examine("tiny Shakespeare", {"tinyshakespeare/input.txt"}, [&](const auto& paths) {
    const io::Bytes file = io::read_maybe_gzip(paths[0], kMaxBytes);
    std::bitset<256> seen;
    for (const char c : file.text()) seen.set(static_cast<unsigned char>(c));
    facts.add("tiny Shakespeare", "characters", "1115394", std::to_string(file.size()));
    facts.add("tiny Shakespeare", "kinds of characters", "65", std::to_string(seen.count()));
  });
}

}  // namespace

std::vector<DataFact> check_data(const std::string& root) {
  Facts facts(root);
  check_sums(facts, root);
  check_static(facts);
  check_mnist(facts);
  check_text(facts);
  facts.add("digits", "SHA-256 of the content", kDigitsHash, write_all_digits().hash);
  return facts.facts;
}

}  // namespace mlrun
