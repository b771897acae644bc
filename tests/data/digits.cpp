#include <algorithm>

#include <array>
#include <cmath>

#include "catch.hpp"
#include "data/digits/digits.hpp"
#include "data/reference.hpp"
#include "support.hpp"

namespace mlrun {
namespace {

using namespace testing;

// Written once and shared, for half a second is much under a sanitizer.
struct Digits {
  static const Digits& get() {
    static const Digits digits;
    return digits;
  }
  DataContent content = write_all_digits();
};

TEST_CASE("The program's digits have the same bits everywhere") { CHECK(Digits::get().content.hash == kDigitsHash); }

TEST_CASE("The program's digits have grey edges, empty margins and MNIST's amount of ink") {
  const SymbolTable& train = Digits::get().content.part(Split::kTrain).symbols;
  REQUIRE(train.rows() == 50000);
  std::vector<int32_t> row(784);
  double ink = 0;
  int64_t grey = 0, border = 0;
  for (int64_t i = 0; i < 5000; ++i) {
    train.unpack(i, row.data());
    int32_t darkest = 0;
    for (size_t p = 0; p < 784; ++p) {
      ink += row[p] / 255.0;
      grey += row[p] > 0 && row[p] < 200;
      border += row[p] > 0 && (p < 28 || p >= 756 || p % 28 == 0 || p % 28 == 27);
      darkest = std::max(darkest, row[p]);
    }
    REQUIRE(darkest >= 120);
  }
  CHECK(ink / 5000 == Approx(105).margin(15));  // MNIST: 102.4
  CHECK(static_cast<double>(grey) / 5000 > 40);
  CHECK(static_cast<double>(border) / 5000 < 0.5);
  CHECK(binarization_noise(train) == Approx(46).margin(8));  // MNIST: 45.7
}

TEST_CASE("The classes of the program's digits are balanced and can be told apart") {
  const DataContent& digits = Digits::get().content;
  const auto& train = digits.part(Split::kTrain);
  std::vector<std::array<double, 784>> means(10);
  std::array<int64_t, 10> counts{};
  std::vector<int32_t> row(784);
  for (int64_t i = 0; i < 10000; ++i) {
    train.symbols.unpack(i, row.data());
    const size_t label = train.labels[static_cast<size_t>(i)];
    ++counts[label];
    for (size_t p = 0; p < 784; ++p) means[label][p] += row[p];
  }
  for (size_t c = 0; c < 10; ++c) {
    CHECK(counts[c] == Approx(1000).margin(150));
    for (double& m : means[c]) m /= static_cast<double>(counts[c]);
  }
  const auto& test = digits.part(Split::kTest);
  std::array<int64_t, 10> right{}, seen{};
  for (int64_t i = 0; i < 2000; ++i) {
    test.symbols.unpack(i, row.data());
    size_t nearest = 0;
    double least = INFINITY;
    for (size_t c = 0; c < 10; ++c) {
      double distance = 0;
      for (size_t p = 0; p < 784; ++p) distance += (row[p] - means[c][p]) * (row[p] - means[c][p]);
      if (distance < least) least = distance, nearest = c;
    }
    const size_t label = test.labels[static_cast<size_t>(i)];
    ++seen[label];
    right[label] += nearest == label;
  }
  int64_t all = 0;
  for (size_t c = 0; c < 10; ++c) {
    INFO("digit " << c);
    CHECK(static_cast<double>(right[c]) / static_cast<double>(seen[c]) > 0.5);
    all += right[c];
  }
  CHECK(static_cast<double>(all) / 2000 > 0.7);
  CHECK(static_cast<double>(all) / 2000 < 0.95);  // and a picture of the mean is not the whole story
}

TEST_CASE("Digits come in every binarization, need no files, and static is one draw for everybody") {
  TemporaryDirectory folder;
  DataSources sources{.root = "/nowhere", .cache = folder.path(), .seed = 1};
  const auto fixed = dataset("kind: digits", sources);
  CHECK(fixed->spec().shape == Shape{28, 28});
  CHECK(fixed->spec().alphabet == 2);
  CHECK(fixed->spec().classes == 10);
  CHECK(fixed->description() == "digits 50000/10000/10000, binarized: static");
  CHECK(fixed->protocol() == "static (the program's draw)");
  const auto grey = dataset("kind: digits\nbinarization: none\nvalid_limit: 100", sources);
  CHECK(grey->spec().alphabet == 256);
  const auto dynamic = dataset("kind: digits\nbinarization: dynamic", sources);
  CHECK(dynamic->hash() == kDigitsHash);
  CHECK(dataset("kind: digits\nbinarization: threshold\ntrain_limit: 10", sources)->count(Split::kTrain) == 10);

  sources.seed = 2;
  CHECK(dataset("kind: digits", sources)->hash() == fixed->hash());
  const std::vector<int64_t> rows = first(100);
  const auto bits = numbers(fixed->batch(Split::kValid, rows, 0).symbols);
  const auto levels = numbers(grey->batch(Split::kValid, rows, 0).symbols);
  double expected = 0, ones = 0;
  for (size_t i = 0; i < bits.size(); ++i) {
    if (levels[i] == 0) REQUIRE(bits[i] == 0);
    expected += levels[i] / 255.0;
    ones += bits[i];
  }
  CHECK(ones / 100 == Approx(expected / 100).margin(2));
}

}  // namespace
}  // namespace mlrun
