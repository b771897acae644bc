#include "run/metrics.hpp"

#include <limits>

namespace mlrun {

void MetricTable::add(const std::map<std::string, double>& row) {
  const auto missing = std::numeric_limits<double>::quiet_NaN();
  for (const auto& [name, value] : row) columns_.try_emplace(name, static_cast<size_t>(rows_), missing);
  for (auto& [name, column] : columns_) {
    const auto found = row.find(name);
    column.push_back(found == row.end() ? missing : found->second);
  }
  ++rows_;
}

}  // namespace mlrun
