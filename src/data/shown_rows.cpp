#include "data/shown_rows.hpp"

#include <algorithm>
#include <cstddef>
#include <span>

#include "base/random.hpp"

namespace mlrun {
namespace {

constexpr int64_t kMostLookedAt = 8192, kAtOnce = 256;  // rows, to find some of each class

// Slot i of a list of `count` is of class i * classes / count.
std::vector<std::vector<int64_t>> slots_of_class(int64_t count, int64_t classes) {
  std::vector<std::vector<int64_t>> slots(static_cast<size_t>(classes));
  for (int64_t i = 0; i < count; ++i) slots[static_cast<size_t>(i * classes / count)].push_back(i);
  for (auto& of_class : slots) std::reverse(of_class.begin(), of_class.end());  // the first is at the back
  return slots;
}

}  // namespace

std::vector<int64_t> shown_rows(const Dataset& data, Split split, int64_t count) {
  const int64_t rows = data.count(split), classes = data.spec().classes;
  count = std::min(count, rows);
  std::vector<int64_t> shown(static_cast<size_t>(count));
  for (int64_t i = 0; i < count; ++i) shown[static_cast<size_t>(i)] = i * rows / count;
  if (classes < 2 || count == 0) return shown;
  std::vector<std::vector<int64_t>> slots = slots_of_class(count, classes);
  const std::vector<int64_t> order = RandomStream(1, "shown rows").permutation(rows);
  int64_t left = count;
  for (int64_t begin = 0; begin < std::min(rows, kMostLookedAt) && left > 0; begin += kAtOnce) {
    const auto some =
        std::span(order).subspan(static_cast<size_t>(begin), static_cast<size_t>(std::min(kAtOnce, rows - begin)));
    const Batch batch = data.batch(split, some, 0);
    for (size_t i = 0; i < some.size(); ++i) {
      auto& free = slots[static_cast<size_t>(batch.labels.data<int32_t>()[i])];
      if (free.empty()) continue;
      shown[static_cast<size_t>(free.back())] = some[i];
      free.pop_back();
      --left;
    }
  }
  return shown;  // a slot whose class was not found keeps its place of the even spread
}

}  // namespace mlrun
