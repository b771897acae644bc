// The fields of the specs of several runs side by side: a row for each run, a column for each field. It holds what
// comparing needs of a spec and no more: thousands of runs are compared at once.
#pragma once

#include <cstddef>
#include <string>
#include <unordered_map>
#include <vector>

#include "config/print.hpp"

namespace mlrun {

class SpecTable {
 public:
  struct Column {
    std::string path;                 // "optim.lr"
    bool in_full_only = false;        // other fields stand for it (config::FieldRecord::in_full_only)
    std::vector<std::string> values;  // as YAML, by row; rows behind the last have no such field
    // "" where the spec of this row has no such field.
    const std::string& at(size_t row) const;
  };

  // Appends the row of a spec with these fields; of no fields, one that is empty in every column.
  void add(const config::Fields& fields);
  // Appends a column that is no field of a spec, a value for each row.
  void add_column(const std::string& path, std::vector<std::string> values);

  size_t rows() const { return rows_; }
  const std::vector<Column>& columns() const { return columns_; }  // in the order of the specs
  const Column* find(const std::string& path) const;               // nullptr: none of the specs has it
  std::vector<std::string> paths() const;

 private:
  size_t column_of(const config::FieldRecord& field, size_t expected);

  std::vector<Column> columns_;
  std::unordered_map<std::string, size_t> by_path_;
  size_t rows_ = 0;
};

}  // namespace mlrun
