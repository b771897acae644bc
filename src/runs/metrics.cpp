#include "runs/metrics.hpp"

#include <fmt/format.h>

#include <limits>

namespace mlrun {

std::string in_words(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "Inf" : "-Inf";
  return fmt::format("{:.6g}", value);
}

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
