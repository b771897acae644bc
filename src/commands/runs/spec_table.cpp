#include "commands/runs/spec_table.hpp"

#include <utility>

namespace mlrun {

const std::string& SpecTable::Column::at(size_t row) const {
  static const std::string none;
  return row < values.size() ? values[row] : none;
}

// Specs of one kind have the same fields in the same order, so that the column is mostly the `expected` one.
size_t SpecTable::column_of(const config::FieldRecord& field, size_t expected) {
  if (expected < columns_.size() && columns_[expected].path == field.path) return expected;
  const auto [found, is_new] = by_path_.emplace(field.path, columns_.size());
  if (is_new) columns_.push_back({field.path, field.in_full_only, {}});
  return found->second;
}

void SpecTable::add(const config::Fields& fields) {
  size_t expected = 0;
  for (const config::FieldRecord& field : fields) {
    if (field.type == config::FieldType::kSection) continue;
    const size_t index = column_of(field, expected);
    expected = index + 1;
    Column& column = columns_[index];
    column.in_full_only = column.in_full_only || field.in_full_only;
    column.values.resize(rows_);
    column.values.push_back(field.value);
  }
  ++rows_;
}

void SpecTable::add_column(const std::string& path, std::vector<std::string> values) {
  by_path_.emplace(path, columns_.size());
  columns_.push_back({path, false, std::move(values)});
}

const SpecTable::Column* SpecTable::find(const std::string& path) const {
  const auto found = by_path_.find(path);
  return found == by_path_.end() ? nullptr : &columns_[found->second];
}

std::vector<std::string> SpecTable::paths() const {
  std::vector<std::string> paths;
  for (const Column& column : columns_) paths.push_back(column.path);
  return paths;
}

}  // namespace mlrun
