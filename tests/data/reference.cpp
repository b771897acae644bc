#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <utility>

#include <cmath>

#include "catch.hpp"
#include "data/reference.hpp"
#include "io/sha256.hpp"
#include "support.hpp"

namespace mlrun {
namespace {

using namespace testing;

SymbolTable make(const std::vector<std::vector<int32_t>>& rows) {
  SymbolTableBuilder builder(static_cast<int64_t>(rows[0].size()));
  for (const auto& row : rows) builder.append(std::span<const int32_t>(row));
  return std::move(builder).finish();
}

TEST_CASE("Independent positions, ones and noise are measured as defined") {
  const SymbolTable train = make({{1, 0}, {1, 0}, {1, 1}, {0, 0}});
  CHECK(mean_ones(train) == 1.0);
  const double p = 4. / 6, q = 2. / 6;
  CHECK(independent_nll(train, make({{1, 0}, {0, 1}})) ==
        Approx(-(std::log(p) + std::log1p(-q) + std::log1p(-p) + std::log(q)) / 2));
  CHECK(binarization_noise(make({{0, 255}, {51, 255}})) == Approx(-(0.2 * std::log(0.2) + 0.8 * std::log(0.8)) / 2));
}

// A published file that is small enough to be made here, and what it is called where.
const std::string kContent = idx({2}, std::string("\x03\x07", 2)) + std::string(3000, 'x');
const std::string kSum = io::sha256_hex(kContent);
const KnownFile kToy[] = {{"set/train-labels-idx1-ubyte", "a toy", kContent.size(), kSum.c_str()}};

FileStatus toy_status(const std::string& root) {
  const std::vector<FileStatus> files = data_files(root, kToy);
  REQUIRE_FALSE(files.empty());
  return files[0];
}

// By the program gzip, as mirrors do: fast, small, with the name and time of a file in the header, and in two members.
const std::vector<std::string> kPackings = {"gzip -1 -c x", "gzip -9 -n -c x", "gzip -N -c x",
                                            "(head -c 100 x | gzip -c; tail -c +101 x | gzip -c)"};

std::string packed_by(const std::string& command, const std::string& content) {
  TemporaryDirectory folder;
  write_file(folder / "x", content);
  REQUIRE(std::system(("cd " + folder.path() + " && " + command + " > packed").c_str()) == 0);
  return read_all(folder / "packed");
}

TEST_CASE("A published file is right in any packing and under every name that it goes by") {
  using State = FileStatus::State;
  std::vector<std::string> contents = {kContent};
  for (const std::string& command : kPackings) contents.push_back(packed_by(command, kContent));
  for (size_t i = 1; i < contents.size(); ++i) CHECK(contents[i] != contents[i - 1]);
  for (const std::string name : {"train-labels-idx1-ubyte", "train-labels-idx1-ubyte.gz", "train-labels.idx1-ubyte",
                                 "train-labels.idx1-ubyte.gz", "train-labels-idx1-ubyte/train-labels-idx1-ubyte",
                                 "train-labels.idx1-ubyte/train-labels.idx1-ubyte.gz"}) {
    for (const std::string& content : contents) {
      TemporaryDirectory folder;
      write_file(folder / "set/" + name, content);
      INFO(name << ", " << content.size() << " bytes");
      const FileStatus status = toy_status(folder.path());
      CHECK(status.state == State::kGood);
      CHECK(status.path == "set/" + name);
      CHECK(status.bytes == content.size());
      CHECK(status.found == kSum);
    }
  }
}

TEST_CASE("A published file of the right size with other content is wrong, and so is one cut short or too long") {
  using State = FileStatus::State;
  std::string other = kContent;
  other.back() = 'y';
  for (const std::string& content : {other, kContent + "x", kContent.substr(1), std::string(), gzipped(other),
                                     gzipped(kContent).substr(0, 40), gzipped(std::string(1 << 22, 'x'))}) {
    TemporaryDirectory folder;
    write_file(folder / "set/train-labels-idx1-ubyte.gz", content);
    const FileStatus status = toy_status(folder.path());
    CHECK(status.state == State::kWrong);
    CHECK(status.found != kSum);
    CHECK_FALSE(status.found.empty());
  }
}

TEST_CASE("The state of a data folder is told: wrong, missing, unknown") {
  TemporaryDirectory folder;
  write_file(folder / "mnist/t10k-labels-idx1-ubyte.gz", std::string(4542, 'x'));
  write_file(folder / "mnist/train-labels-idx1-ubyte", "short");
  write_file(folder / "b/own.csv", "0,1\n");
  write_file(folder / "a.csv", "0\n");
  using State = FileStatus::State;
  std::vector<std::string> others, wrong;
  int missing = 0;
  for (const FileStatus& file : data_files(folder.path())) {
    if (file.state == State::kWrong) wrong.push_back(file.path);
    else if (file.state == State::kUnknown) others.push_back(file.path);
    else missing += file.state == State::kMissing;
  }
  CHECK(wrong == std::vector<std::string>{"mnist/t10k-labels-idx1-ubyte.gz", "mnist/train-labels-idx1-ubyte"});
  CHECK(missing == static_cast<int>(known_files().size()) - 2);
  CHECK(others == std::vector<std::string>{"a.csv", "b/own.csv"});
  CHECK(data_files(folder / "nothing").size() == known_files().size());
}

TEST_CASE("Checking a folder finds the file that is not what it should be") {
  TemporaryDirectory folder;
  write_file(folder / "mnist/t10k-labels-idx1-ubyte.gz", std::string(4542, 'x'));
  int failing = 0, missing = 0;
  for (const DataFact& fact : check_data(folder.path())) {
    if (fact.state == DataFact::State::kFails) {
      ++failing;
      CHECK(fact.subject == "mnist/t10k-labels-idx1-ubyte.gz");
    }
    missing += fact.state == DataFact::State::kMissing;
  }
  CHECK(failing == 1);
  CHECK(missing == 7 + 4);  // the other files, and the sets
}

// Where the published files are at hand, they must be what the reference says; elsewhere this checks the sets made by
// the program alone.
TEST_CASE("Every reference fact holds for the data at hand") {
  const char* root = std::getenv("MLRUN_DATA_ROOT");
  TemporaryDirectory empty;
  int holds = 0;
  for (const DataFact& fact : check_data(root ? root : empty.path())) {
    INFO(fact.subject << ": " << fact.fact << ": expected " << fact.expected << ", found " << fact.found);
    CHECK(fact.state != DataFact::State::kFails);
    holds += fact.state == DataFact::State::kHolds;
  }
  CHECK(holds >= 1);
}

TEST_CASE("The published data, where they are at hand, load with their known counts and in little memory") {
  const char* root = std::getenv("MLRUN_DATA_ROOT");
  TemporaryDirectory cache;
  const DataSources sources{.root = root ? root : "", .cache = cache.path(), .seed = 1};
  for (const char* section : {"kind: mnist", "kind: mnist\nbinarization: dynamic", "kind: digits"}) {
    const std::string needs = section == std::string("kind: mnist") ? "/binarized_mnist" : "/mnist";
    if (section != std::string("kind: digits") && !(root && std::filesystem::exists(root + needs))) continue;
    INFO(section);
    const auto data = dataset(section, sources);
    CHECK(data->count(Split::kTrain) == 50000);
    CHECK(data->count(Split::kValid) == 10000);
    CHECK(data->count(Split::kTest) == 10000);
    const auto ones = symbols(*data, Split::kTest);
    double sum = 0;
    for (const int32_t bit : ones) sum += bit;
    CHECK(sum / 10000 == Approx(104).margin(10));
    CHECK(dataset(section, sources)->hash() == data->hash());  // the packed copy
  }
  for (const auto& entry : std::filesystem::directory_iterator(cache.path())) {
    if (entry.path().filename().string().starts_with("digits")) CHECK(entry.file_size() < 7'000'000);
  }
}

}  // namespace
}  // namespace mlrun
