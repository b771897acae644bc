#include "data/reference.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <functional>
#include <system_error>

#include "base/error.hpp"
#include "data/source_file.hpp"

namespace mlrun {

const char* const kDigitsHash = "3b595e7db400c0ef888f23b53e3224e7ee11483d6d8ea8b6b483d05ecd770c87";

namespace {

constexpr const char* kGrey = "MNIST (LeCun et al. 1998)";
constexpr const char* kStatic = "binarized MNIST (Larochelle & Murray 2011)";

constexpr std::array kKnown = {
    KnownFile{"binarized_mnist/binarized_mnist_test.amat.gz", kStatic, 416083,
              "b70dc82f02d6c858f598dbd879445709c2e5070d9a9749588b9c3800efa44af1"},
    KnownFile{"binarized_mnist/binarized_mnist_train.amat.gz", kStatic, 2197797,
              "877c7951e875c52ab7801f4ff16aeecb7816ebd697658231efeb2b640f01a3d8"},
    KnownFile{"binarized_mnist/binarized_mnist_valid.amat.gz", kStatic, 439811,
              "aeb77ba9e35dc39d9e5034538273523e37ff578c97d723a59f7ee4345373abad"},
    KnownFile{"mnist/t10k-images-idx3-ubyte.gz", kGrey, 1648877,
              "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"},
    KnownFile{"mnist/t10k-labels-idx1-ubyte.gz", kGrey, 4542,
              "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"},
    KnownFile{"mnist/train-images-idx3-ubyte.gz", kGrey, 9630610,
              "71524e2cd1ad2968737f7f2f2ff69cbfc32df8ccddff51593f7cb2d4e0eb5b64"},
    KnownFile{"mnist/train-labels-idx1-ubyte.gz", kGrey, 28881,
              "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"},
    KnownFile{"tinyshakespeare/input.txt", "tiny Shakespeare (Karpathy 2015)", 1115394,
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

std::vector<FileStatus> data_files(const std::string& root) {
  namespace fs = std::filesystem;
  std::vector<FileStatus> files;
  for (const KnownFile& known : kKnown) {
    FileStatus status{known.path, known.what, 0, known.bytes, known.sha256, FileStatus::State::kMissing};
    std::error_code error;
    if (const auto size = fs::file_size(path_under(root, known.path), error); !error) {
      status.bytes = size;
      status.state = size == known.bytes ? FileStatus::State::kPresent : FileStatus::State::kWrongSize;
    }
    files.push_back(std::move(status));
  }
  std::vector<FileStatus> others;
  const auto add_folder = [&](const std::string& folder) {  // "" or "name/"
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(path_under(root, folder), error)) {
      const std::string path = folder + entry.path().filename().string();
      const bool known = std::any_of(kKnown.begin(), kKnown.end(), [&](const KnownFile& k) { return path == k.path; });
      if (known || !entry.is_regular_file(error)) continue;
      others.push_back({path, "", entry.file_size(error), 0, "", FileStatus::State::kUnknown});
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
