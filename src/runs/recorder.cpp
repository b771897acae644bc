#include "runs/recorder.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "base/log.hpp"
#include "base/version.hpp"
#include "io/file.hpp"
#include "io/hdf5/writer.hpp"

namespace mlrun {
namespace {

// An NXdata group: viewers open it on the loss curve.
void write_table(io::Hdf5Writer& file, const std::string& name, const MetricTable& table) {
  const std::string group = "metrics/" + name;
  file.group(group);
  file.attribute(group, "NX_class", std::string_view("NXdata"));
  file.attribute(group, "signal", std::string_view("nll"));
  file.attribute(group, "axes", std::vector<std::string>{"step"});
  std::vector<std::string> others;
  for (const auto& [column, values] : table.columns()) {
    const std::string path = group + "/" + column;
    if (column == "step") file.dataset(path, std::vector<int64_t>(values.begin(), values.end()));
    else file.dataset(path, values);
    // `units` is what NeXus and its viewers read; `unit` is what this file has always had.
    for (const char* name_of_unit : {"units", "unit"})
      file.attribute(path, name_of_unit, std::string_view(unit_of_metric(column)));
    if (column != "nll" && column != "step") others.push_back(column);
  }
  file.attribute(group, "auxiliary_signals", others);
}

}  // namespace

Recorder::Recorder(const RunDirectory& directory, RunFacts facts) : directory_(directory), facts_(std::move(facts)) {}

void Recorder::open_journal() {
  if (!journal_) journal_ = std::make_unique<io::Journal>(directory_.file("metrics.jsonl"));
}

TrainedTime Recorder::resume(const TrainState& state) {
  const std::string path = directory_.file("metrics.jsonl");
  io::cut_journal(path, [&](const io::Record& record) {
    if (!record.contains("step")) return true;
    const std::string table = record.value("table", "");
    const int64_t last = table == "valid" ? state.evaluated_step : table == "train" ? state.logged_step : state.step;
    return record["step"].get<int64_t>() <= last;
  });
  tables_ = metric_tables(io::read_journal(path));
  // fmax: a row without a time has a NaN
  const auto largest = [&](const char* column, double value) {
    for (const auto& [name, table] : tables_) {
      const auto values = table.columns().find(column);
      if (values == table.columns().end()) continue;
      for (const double v : values->second) value = std::fmax(value, v);
    }
    return value;
  };
  return {largest("time", 0), largest("cpu_seconds", tables_.empty() ? 0 : RunSummary::kMissing)};
}

void Recorder::row(const std::string& table, const std::map<std::string, double>& values) {
  open_journal();
  io::Record record = {{"table", table}};
  if (values.contains("step")) record["step"] = static_cast<int64_t>(values.at("step"));
  for (const auto& [name, value] : values) {
    if (name != "step") record[name] = value;
  }
  journal_->append(record);
  tables_[table].add(values);
}

void Recorder::note(const std::string& kind, io::Record facts) {
  open_journal();
  io::Record record = {{"kind", kind}};
  record.update(facts);
  journal_->append(record);
}

void Recorder::sync() {
  if (journal_) journal_->sync();
}

void Recorder::write_run_file(RunStatus status) {
  facts_.run.status = status;
  try {
    io::Hdf5Writer file;
    file.attribute("/", "mlrun_format", std::string_view("run"));
    file.attribute("/", "mlrun_format_version", 1);
    file.attribute("/", "mlrun_version", std::string_view(kVersion));
    write_attributes(file, facts_.run);
    file.attribute("/", "default", std::string_view("metrics"));
    file.text("config/spec_yaml", facts_.spec_yaml);
    file.text("config/resolved_yaml", facts_.resolved_yaml);
    write_history(file, facts_.run.history);
    file.group("env");
    for (const auto& [name, value] : facts_.environment) file.attribute("env", name, value);
    file.group("metrics");
    file.attribute("metrics", "NX_class", std::string_view("NXentry"));
    file.attribute("metrics", "default", std::string_view(tables_.contains("valid") ? "valid" : "train"));
    for (const auto& [name, table] : tables_) write_table(file, name, table);
    io::write_atomically(directory_.file("run.h5"), file.finish().span());
  } catch (const Error& e) {
    if (!warned_)
      log::warning("run.h5 was not written; training goes on (metrics.jsonl is the journal)\n  {}", e.what());
    warned_ = true;
  }
}

}  // namespace mlrun
