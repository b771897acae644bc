#include "generate/completion_order.hpp"

#include <algorithm>
#include <string>

#include "base/error.hpp"
#include "base/random.hpp"

namespace mlrun {
namespace {

constexpr uint64_t kOrderSeed = 1;

bool begins_with(const std::vector<int64_t>& order, const Region& region) {
  return std::all_of(order.begin(), order.begin() + region.known_count(),
                     [&](int64_t position) { return region.known[static_cast<size_t>(position)] != 0; });
}

int64_t orders_that_begin_with(const AutoregressiveModel& model, const Region& region) {
  int64_t count = 0;
  for (int64_t c = 0; c < model.components(); ++c) count += begins_with(model.order(c), region) ? 1 : 0;
  return count;
}

bool completes(const AutoregressiveModel& model, const Region& region) {
  return orders_that_begin_with(model, region) == model.components();
}

// Rectangles that the model's orders begin with, the largest first.
std::vector<Region> first_rectangles(const AutoregressiveModel& model) {
  const DataSpec& data = model.data();
  const int64_t columns = data.shape[1];
  std::vector<Region> found;
  int64_t top = data.shape[0], bottom = 0, left = columns, right = 0, count = 0;
  for (const int64_t position : model.order(0)) {
    top = std::min(top, position / columns), bottom = std::max(bottom, position / columns + 1);
    left = std::min(left, position % columns), right = std::max(right, position % columns + 1);
    if (++count == data.positions()) break;
    if ((bottom - top) * (right - left) != count) continue;
    const Region region = region_named(fmt::format("rect:{},{},{},{}", top, left, bottom, right), data);
    if (completes(model, region)) found.insert(found.begin(), region);
  }
  return found;
}

// Of rows of a table: the columns that the first order begins with.
std::string columns_that_come_first(const AutoregressiveModel& model) {
  const std::vector<int64_t>& order = model.order(0);
  std::string text, list = "columns:";
  bool from_the_left = true;
  for (size_t k = 0; k + 1 < order.size(); ++k) {
    from_the_left = from_the_left && order[k] == static_cast<int64_t>(k);
    if (k >= 3) continue;
    list += fmt::format("{}{}", k ? "," : "", order[k] + 1);
    text += (text.empty() ? "" : "; ") + list;
  }
  return from_the_left ? fmt::format("columns:1..K with K from 1 to {}", order.size() - 1) : text + "; ...";
}

std::string parts_that_can_be_completed(const AutoregressiveModel& model) {
  const DataSpec& data = model.data();
  if (!data.is_image()) return columns_that_come_first(model);
  std::string text;
  const auto add = [&](const std::string& part) { text += (text.empty() ? "" : "; ") + part; };
  for (const Region& region : named_regions(data)) {
    if (completes(model, region)) add(region.name);
  }
  std::vector<Region> rectangles = first_rectangles(model);
  const auto rows = std::stable_partition(rectangles.begin(), rectangles.end(), [&](const Region& region) {
    return !(region.name.starts_with("rect:0,0,") && region.name.ends_with(fmt::format(",{}", data.shape[1])));
  });
  if (rows != rectangles.end() && rectangles.end() - rows == data.shape[0] - 1) {
    add(fmt::format("rect:0,0,R,{} with R from 1 to {}", data.shape[1], data.shape[0] - 1));
    return text;
  }
  const size_t examples = std::min<size_t>(3, rectangles.size());
  for (size_t i = 0; i < examples; ++i) add(rectangles[i].name);
  return text.empty() ? "no rectangle" : text;
}

std::vector<int64_t> new_order(const Region& region, const RandomStream& noise) {
  std::vector<int64_t> order, unknown;
  for (size_t position = 0; position < region.known.size(); ++position) {
    (region.known[position] != 0 ? order : unknown).push_back(static_cast<int64_t>(position));
  }
  for (const int64_t k : noise.permutation(static_cast<int64_t>(unknown.size()))) {
    order.push_back(unknown[static_cast<size_t>(k)]);
  }
  return order;
}

}  // namespace

std::vector<std::vector<int64_t>> completion_orders(const AutoregressiveModel& model, const Region& region) {
  std::vector<std::vector<int64_t>> orders;
  if (model.any_order()) {
    const RandomStream noise(kOrderSeed, "complete/order");
    for (int64_t c = 0; c < model.components(); ++c) {
      orders.push_back(new_order(region, noise.at(static_cast<uint64_t>(c))));
    }
    return orders;
  }
  if (const int64_t first = orders_that_begin_with(model, region); first < model.components()) {
    const std::string finding = model.components() == 1
                                    ? "the known part does not come first in this model's order"
                                    : fmt::format("the known part comes first in {} of the {} orders of this mixture",
                                                  first, model.components());
    fail(ExitCode::kUsage,
         "region '{}': {}, so that the rest given it is not known exactly\n"
         "  known parts that this model completes   {}\n"
         "  a model that completes any part   model.kind=eonade",
         region.name, finding, parts_that_can_be_completed(model));
  }
  for (int64_t c = 0; c < model.components(); ++c) orders.push_back(model.order(c));
  return orders;
}

}  // namespace mlrun
