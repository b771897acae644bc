// The keys `labels`, `valid_labels` and `test_labels` of data that come from files.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "config/reader.hpp"
#include "data/content.hpp"
#include "data/label_values.hpp"
#include "data/source_file.hpp"
#include "data/table_source.hpp"

namespace mlrun {

class LabelOptions {
 public:
  LabelOptions() = default;
  // `files`: those of the three splits, by Split. `columns`: labels may be a column of these, too.
  LabelOptions(config::Reader& spec, const std::array<std::optional<std::string>, 3>& files, bool columns);

  const std::string& column() const { return column_; }  // "" for none
  bool any() const { return !column_.empty() || files_[0]; }
  // The files of labels, found. Error(kData) for one that is missing.
  std::array<std::optional<TableSource>, 3> sources(const DataSources& sources) const;

 private:
  std::string column_;
  std::array<std::optional<std::string>, 3> files_;  // by Split
  std::array<SpecPlace, 3> places_;
};

// The classes of all rows, by part: those of the first part are the classes there are. `files`: for messages.
// Error(kData) for fewer than two classes, and for one that the first part does not have.
void set_labels(DataContent& content, const std::vector<LabelValues>& labels, const std::vector<std::string>& files);

}  // namespace mlrun
