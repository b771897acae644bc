#include "data/reference.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <functional>
#include <set>
#include <system_error>

#include "base/error.hpp"
#include "data/source_file.hpp"
#include "io/gzip.hpp"
#include "io/sha256.hpp"

namespace mlrun {

const char* const kDigitsHash = "3b595e7db400c0ef888f23b53e3224e7ee11483d6d8ea8b6b483d05ecd770c87";

namespace {

constexpr const char* kGrey = "MNIST (LeCun et al. 1998)";
constexpr const char* kStatic = "binarized MNIST (Larochelle & Murray 2011)";
constexpr const char* kShakespeare = "tiny Shakespeare (Karpathy 2015)";

constexpr std::array kKnown = {
    KnownFile{"binarized_mnist/binarized_mnist_test.amat", kStatic, 15680000,
              "e6687bfea3f820c174f33b7865140b2a2dd2930ef786f35d45795fc193b5ab2c"},
    KnownFile{"binarized_mnist/binarized_mnist_train.amat", kStatic, 78400000,
              "ad693b29f94c14277b095f5238ddefbbdaaae0939789dd2f4f0205278cee3e4d"},
    KnownFile{"binarized_mnist/binarized_mnist_valid.amat", kStatic, 15680000,
              "1de3d397c40fe8eeb33dafd4099a1f665ec01e96d9be234aaeeac8a34930e2e2"},
    KnownFile{"mnist/t10k-images-idx3-ubyte", kGrey, 7840016,
              "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"},
    KnownFile{"mnist/t10k-labels-idx1-ubyte", kGrey, 10008,
              "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"},
    KnownFile{"mnist/train-images-idx3-ubyte", kGrey, 47040016,
              "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"},
    KnownFile{"mnist/train-labels-idx1-ubyte", kGrey, 60008,
              "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"},
    KnownFile{"tinyshakespeare/input.txt", kShakespeare, 1115394,
              "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed"},
};

void visit_rows(const SymbolTable& table, const std::function<void(std::span<const int32_t>)>& visit) {
  std::vector<int32_t> row(static_cast<size_t>(table.width()));
  for (int64_t i = 0; i < table.rows(); ++i) {
    table.unpack(i, row.data());
    visit(row);
  }
}

std::vector<double> ones_per_position(const SymbolTable& table) {
  std::vector<double> ones(static_cast<size_t>(table.width()));
  visit_rows(table, [&](std::span<const int32_t> row) {
    for (size_t i = 0; i < row.size(); ++i) ones[i] += row[i];
  });
  return ones;
}

}  // namespace

std::span<const KnownFile> known_files() { return kKnown; }

std::vector<FileStatus> data_files(const std::string& root, std::span<const KnownFile> known) {
  namespace fs = std::filesystem;
  std::vector<FileStatus> files;
  std::set<std::string> taken;
  for (const KnownFile& k : known) {
    FileStatus status{k.path, k.what, 0, FileStatus::State::kMissing, ""};
    if (const std::string file = find_data_file(path_under(root, k.path)); !file.empty()) {
      status.path = file.substr(path_under(root, "").size());
      taken.insert(status.path);
      std::error_code error;
      status.bytes = fs::file_size(file, error);
      status.state = FileStatus::State::kWrong;
      try {
        // However far a hostile file would unpack, a little more than is right will do; as much for a bad packing.
        const uint64_t most = k.bytes + k.bytes / 8 + (uint64_t{1} << 16);
        status.found = io::sha256_hex(io::read_maybe_gzip(file, most).span());
        if (status.found == k.sha256) status.state = FileStatus::State::kGood;
      } catch (const Error& problem) {
        status.found = problem.what();
      }
    }
    files.push_back(std::move(status));
  }
  std::vector<FileStatus> others;
  const auto add_folder = [&](const std::string& folder) {  // "" or "name/"
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(path_under(root, folder), error)) {
      const std::string path = folder + entry.path().filename().string();
      if (taken.contains(path) || !entry.is_regular_file(error)) continue;
      others.push_back({path, "", entry.file_size(error), FileStatus::State::kUnknown, ""});
    }
  };
  add_folder("");
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(root, error)) {
    if (entry.is_directory(error)) add_folder(entry.path().filename().string() + "/");
  }
  std::sort(others.begin(), others.end(), [](const FileStatus& a, const FileStatus& b) { return a.path < b.path; });
  files.insert(files.end(), others.begin(), others.end());
  return files;
}

double mean_ones(const SymbolTable& rows) {
  double sum = 0;
  for (const double ones : ones_per_position(rows)) sum += ones;
  return sum / static_cast<double>(rows.rows());
}

double independent_nll(const SymbolTable& train, const SymbolTable& rows) {
  require(train.width() == rows.width(), "tables of widths {} and {}", train.width(), rows.width());
  const std::vector<double> seen = ones_per_position(train), ones = ones_per_position(rows);
  const auto count = static_cast<double>(rows.rows()), all = static_cast<double>(train.rows());
  double nll = 0;
  for (size_t i = 0; i < ones.size(); ++i) {
    const double p = (seen[i] + 1) / (all + 2);
    nll -= ones[i] * std::log(p) + (count - ones[i]) * std::log1p(-p);
  }
  return nll / count;
}

double binarization_noise(const SymbolTable& grey) {
  std::array<double, 256> entropy{};
  for (size_t level = 1; level < 255; ++level) {
    const double p = static_cast<double>(level) / 255;
    entropy[level] = -p * std::log(p) - (1 - p) * std::log1p(-p);
  }
  double sum = 0;
  visit_rows(grey, [&](std::span<const int32_t> row) {
    for (const int32_t pixel : row) sum += entropy[static_cast<size_t>(pixel)];
  });
  return sum / static_cast<double>(grey.rows());
}

}  // namespace mlrun
