#include "train/epoch_order.hpp"

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <vector>

#include "catch.hpp"

using namespace mlrun;

TEST_CASE("The order of an epoch is a permutation, its own for each seed and epoch") {
  const auto order = epoch_order(1, 0, 100);
  CHECK(order == epoch_order(1, 0, 100));
  CHECK(order != epoch_order(1, 1, 100));
  CHECK(order != epoch_order(2, 0, 100));
  auto sorted = order;
  std::sort(sorted.begin(), sorted.end());
  std::vector<int64_t> rows(100);
  std::iota(rows.begin(), rows.end(), 0);
  CHECK(sorted == rows);
  CHECK(epoch_order(1, 0, 0).empty());
}
