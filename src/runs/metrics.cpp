#include "runs/metrics.hpp"

#include <fmt/format.h>

#include <limits>

namespace mlrun {

const char* unit_of_metric(const std::string& column) {
  static const std::map<std::string, const char*> units = {{"step", "steps"},       {"epoch", "epochs"},
                                                           {"time", "s"},           {"loss", "nats"},
                                                           {"cpu_seconds", "s"},    {"nll", "nats"},
                                                           {"nll_se", "nats"},      {"train_nll", "nats"},
                                                           {"bpd", "bits/dim"},     {"items_per_s", "1/s"},
                                                           {"grad_norm", "nats"},   {"lr", "1"},
                                                           {"codes_used", "codes"}, {"code_perplexity", "codes"},
                                                           {"wire_bytes", "bytes"}, {"experts_effective", "experts"}};
  const auto found = units.find(column);
  return found == units.end() ? "1" : found->second;
}

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

bool is_row_of(std::string_view line, std::string_view table) {
  constexpr std::string_view kBegin = "{\"table\":\"";
  if (!line.starts_with(kBegin)) return false;
  line.remove_prefix(kBegin.size());
  return table.empty() || (line.starts_with(table) && line.substr(table.size()).starts_with('"'));
}

std::map<std::string, MetricTable> metric_tables(const io::JournalContents& journal) {
  std::map<std::string, MetricTable> tables;
  for (const io::Record& record : journal.records) {
    const auto table = record.find("table");
    if (table == record.end() || !table->is_string()) continue;
    std::map<std::string, double> row;
    for (const auto& [key, value] : record.items()) {
      if (value.is_number()) row[key] = value.get<double>();
    }
    tables[table->get<std::string>()].add(row);
  }
  return tables;
}

}  // namespace mlrun
