#include <algorithm>
#include <map>
#include <set>

#include "catch.hpp"
#include "data/shown_rows.hpp"
#include "data/support.hpp"

using namespace mlrun;
using namespace mlrun::testing;

TEST_CASE("rows to look at are of all classes, class by class, and the same in every call") {
  const TemporaryDirectory root;
  write_small_mnist(root / "mnist");  // 50 training images, labels 0 to 9 in turn
  const auto data =
      dataset("kind: mnist\nbinarization: threshold\nvalid_limit: 10", {.root = root.path(), .cache = ""});
  REQUIRE(data->spec().classes == 10);
  const auto labels_of = [&](const std::vector<int64_t>& rows) {
    return numbers(data->batch(Split::kTrain, rows, 0).labels);
  };
  const std::vector<int64_t> twenty = shown_rows(*data, Split::kTrain, 20);
  CHECK(std::set<int64_t>(twenty.begin(), twenty.end()).size() == 20);
  const std::vector<int32_t> labels = labels_of(twenty);
  CHECK(std::is_sorted(labels.begin(), labels.end()));
  std::map<int32_t, int> counts;
  for (const int32_t y : labels) ++counts[y];
  CHECK(counts.size() == 10);
  for (const auto& [label, count] : counts) CHECK(count == 2);
  CHECK(shown_rows(*data, Split::kTrain, 20) == twenty);
  CHECK(labels_of(shown_rows(*data, Split::kTrain, 4)) == std::vector<int32_t>{0, 2, 5, 7});
  const auto all = static_cast<size_t>(data->count(Split::kTrain));
  CHECK(shown_rows(*data, Split::kTrain, 1000).size() == all);
  CHECK(shown_rows(*data, Split::kTrain, 0).empty());
}

TEST_CASE("without labels, rows to look at are spread over the split") {
  const TemporaryDirectory root;
  std::string rows;
  for (int i = 0; i < 40; ++i) rows += i < 20 ? "0 0\n" : "1 1\n";
  write_file(root / "rows.txt", rows);
  const auto data =
      dataset("kind: table\ntrain: rows.txt\nvalid: rows.txt\ntest: rows.txt", {.root = root.path(), .cache = ""});
  CHECK(shown_rows(*data, Split::kTest, 4) == std::vector<int64_t>{0, 10, 20, 30});
  CHECK(shown_rows(*data, Split::kTest, 100).size() == 40);
}
