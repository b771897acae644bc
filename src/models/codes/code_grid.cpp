#include "models/codes/code_grid.hpp"

#include <fmt/format.h>

#include "ops/shape.hpp"

namespace mlrun {

CodeGrid::CodeGrid(const std::vector<int64_t>& strides, int64_t level_count, const DataSpec& data)
    : image_height(data.shape[0]), image_width(data.shape[1]) {
  int64_t side = 1;
  for (const int64_t s : strides) side *= s;
  Level level = {(image_height + side - 1) / side, (image_width + side - 1) / side, 0};
  height = level.rows * side;
  width = level.columns * side;
  for (int64_t l = 0; l < level_count; ++l) {
    level.to_finer = strides[strides.size() - 1 - static_cast<size_t>(l)];
    levels.push_back(level);
    level.rows *= level.to_finer;
    level.columns *= level.to_finer;
  }
}

int64_t CodeGrid::positions() const {
  int64_t count = 0;
  for (const Level& level : levels) count += level.rows * level.columns;
  return count;
}

Shape CodeGrid::shape(int64_t symbols) const {
  const int64_t columns = levels[0].columns;
  return {positions() / columns, columns * symbols};
}

int64_t CodeGrid::position_of_pixel(int64_t row, int64_t column) const {
  const Level& finest = levels.back();
  const int64_t side = height / finest.rows;
  const int64_t r = (row + top()) / side, c = (column + left()) / side;
  return positions() - finest.rows * finest.columns + r * finest.columns + c;
}

Variable CodeGrid::joined(const std::vector<Variable>& maps) const {
  const int64_t n = maps[0].dim(0), d = maps[0].dim(3);
  if (maps.size() == 1) return ops::reshape(maps[0], {n * positions(), d});
  std::vector<Variable> flat;
  for (const Variable& map : maps) flat.push_back(ops::reshape(map, {n, -1, d}));
  return ops::reshape(ops::concat(flat, 1), {n * positions(), d});
}

std::vector<Variable> CodeGrid::split(const Variable& rows) const {
  const int64_t d = rows.dim(1);
  if (levels.size() == 1) return {ops::reshape(rows, {-1, levels[0].rows, levels[0].columns, d})};
  const Variable images = ops::reshape(rows, {-1, positions(), d});
  std::vector<Variable> maps;
  int64_t begin = 0;
  for (const Level& level : levels) {
    const int64_t end = begin + level.rows * level.columns;
    maps.push_back(ops::reshape(ops::slice(images, 1, begin, end), {-1, level.rows, level.columns, d}));
    begin = end;
  }
  return maps;
}

Scope scope_of_level(const Scope& scope, int64_t level) {
  return level == 0 ? scope : scope / fmt::format("level_{}", level + 1);
}

}  // namespace mlrun
