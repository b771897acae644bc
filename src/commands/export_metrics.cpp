#include "commands/export_metrics.hpp"

#include <cmath>
#include <ctime>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "base/error.hpp"
#include "base/number.hpp"
#include "io/event_file.hpp"
#include "runs/metrics.hpp"

namespace mlrun {
namespace {

std::map<std::string, MetricTable> tables_of(const RunSummary& run) {
  return metric_tables(io::read_journal(run.path + "/metrics.jsonl"));
}

bool is_place(const std::string& column) { return column == "step" || column == "epoch" || column == "time"; }

std::string number_cell(const std::string& column, double value) {
  if (std::isnan(value)) return "";
  return column == "step" ? print_number(static_cast<int64_t>(value)) : print_number(value);
}

// "2026-11-24T14:30:05.123Z" in seconds since 1970; 0 where it is not such a time.
double seconds_of(const std::string& created) {
  std::tm utc{};
  if (!strptime(created.c_str(), "%Y-%m-%dT%H:%M:%S", &utc)) return 0;
  const size_t dot = created.find('.');
  const auto fraction = parse_real(dot == std::string::npos ? "" : "0" + created.substr(dot, 4));
  return static_cast<double>(timegm(&utc)) + fraction.value_or(0);
}

}  // namespace

std::string metrics_csv(const std::vector<RunSummary>& runs) {
  std::vector<std::string> columns = {"step", "epoch", "time"};
  std::set<std::string> others;
  for (const RunSummary& run : runs)
    for (const auto& [name, table] : tables_of(run))
      for (const auto& [column, values] : table.columns())
        if (!is_place(column)) others.insert(column);
  columns.insert(columns.end(), others.begin(), others.end());
  std::string text = "run,table";
  for (const std::string& column : columns) text += "," + column;
  text += '\n';
  for (const RunSummary& run : runs) {
    for (const auto& [name, table] : tables_of(run)) {
      for (size_t row = 0; row < static_cast<size_t>(table.rows()); ++row) {
        text += run.id + "," + name;
        for (const std::string& column : columns) {
          const auto values = table.columns().find(column);
          text += "," + (values == table.columns().end() ? "" : number_cell(column, values->second[row]));
        }
        text += '\n';
      }
    }
  }
  return text;
}

std::string metrics_json_lines(const std::vector<RunSummary>& runs) {
  std::string text;
  for (const RunSummary& run : runs) {
    for (const auto& [name, table] : tables_of(run)) {
      for (size_t row = 0; row < static_cast<size_t>(table.rows()); ++row) {
        nlohmann::ordered_json line = {{"run", run.id}, {"table", name}};
        for (const bool place : {true, false}) {
          for (const auto& [column, values] : table.columns()) {
            if (is_place(column) != place || std::isnan(values[row])) continue;
            if (column == "step") line[column] = static_cast<int64_t>(values[row]);
            else line[column] = values[row];
          }
        }
        text += line.dump() + "\n";
      }
    }
  }
  return text;
}

std::string metrics_events(const RunSummary& run) {
  const double begun = seconds_of(run.created);
  io::EventFile events(begun);
  for (const auto& [name, table] : tables_of(run)) {
    const auto& columns = table.columns();
    if (!columns.contains("step")) continue;
    for (const auto& [column, values] : columns) {
      if (column == "step" || column == "time") continue;
      for (size_t row = 0; row < values.size(); ++row) {
        const double step = columns.at("step")[row];
        const double time = columns.contains("time") ? columns.at("time")[row] : 0;
        if (std::isnan(values[row]) || std::isnan(step)) continue;
        events.scalar(name + "/" + column, static_cast<int64_t>(step), begun + (std::isnan(time) ? 0 : time),
                      values[row]);
      }
    }
  }
  return events.bytes();
}

}  // namespace mlrun
