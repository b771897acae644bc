#include "data/tasks/task.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "io/sha256.hpp"

namespace mlrun {
namespace {

constexpr int kDrawsVersion = 1;  // goes up when rows of the same options become others

}  // namespace

TaskRows::TaskRows(config::Reader& spec) {
  const auto rows = [&](const std::string& split, int64_t fallback) {
    return spec.integer(
        split + "_rows",
        {.help = "rows of the " + split + " split", .min = 1, .max = int64_t{1} << 32, .fallback = fallback});
  };
  count = {rows("train", 10000), rows("valid", 1000), rows("test", 1000)};
  fresh = spec.boolean("fresh", {.help = "every epoch has training rows of its own", .fallback = true});
  seed = static_cast<uint64_t>(spec.integer(
      "seed", {.help = "of the rows (the experiment's own seed does not change them)", .min = 0, .fallback = 1}));
}

TaskDataset::TaskDataset(DataSpec spec, const TaskRows& rows, std::string words)
    : spec_(std::move(spec)),
      rows_(rows),
      words_(std::move(words)),
      protocol_(fmt::format("{} (seed {})", words_, rows.seed)) {}

Batch TaskDataset::batch(Split split, std::span<const int64_t> rows, int64_t epoch) const {
  const RandomStream of_split(rows_.seed, std::string("task/") + name_of(split));
  const RandomStream draws = of_split.at(split == Split::kTrain && rows_.fresh ? static_cast<uint64_t>(epoch) : 0);
  Batch batch;
  const auto width = static_cast<size_t>(spec_.positions());
  batch.symbols = Tensor({static_cast<int64_t>(rows.size()), spec_.positions()}, DType::kS32);
  int32_t* to = batch.symbols.data<int32_t>();
  for (const int64_t row : rows) {
    write(draws.at(static_cast<uint64_t>(row)), {to, width});
    to += width;
  }
  return batch;
}

std::string TaskDataset::hash() const {
  return io::sha256_hex(fmt::format("task {} {} seed {} rows {} {} {} fresh {}", kDrawsVersion, words_, rows_.seed,
                                    rows_.count[0], rows_.count[1], rows_.count[2], rows_.fresh));
}

std::string TaskDataset::description() const {
  return fmt::format("{}, {}/{}/{} rows{}: {} symbols of {}, {} of them the question", words_, rows_.count[0],
                     rows_.count[1], rows_.count[2], rows_.fresh ? ", new ones every epoch" : "", spec_.positions(),
                     spec_.alphabet, spec_.given);
}

std::string TaskDataset::why_no_labels() const { return "a task has answers, which are symbols, and no labels"; }

std::vector<int64_t> different_places(const RandomStream& draws, uint64_t first, int64_t count, int64_t bound) {
  require(count <= bound, "{} different numbers below {}", count, bound);
  std::vector<int64_t> places;
  for (int64_t top = bound - count; top < bound; ++top) {
    const auto drawn = static_cast<int64_t>(draws.below(first++, static_cast<uint64_t>(top) + 1));
    const auto at = std::lower_bound(places.begin(), places.end(), drawn);
    if (at == places.end() || *at != drawn) places.insert(at, drawn);
    else places.push_back(top);
  }
  return places;
}

}  // namespace mlrun
