#include "commands/runs/watched_run.hpp"

#include <chrono>
#include <cmath>
#include <filesystem>
#include <limits>
#include <map>
#include <system_error>

#include "base/error.hpp"
#include "io/directory.hpp"
#include "io/lock.hpp"
#include "runs/metrics.hpp"
#include "runs/run_directory.hpp"

namespace mlrun {
namespace {

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();
constexpr size_t kShownRows = 3;

double last_of(const MetricTable* table, const std::string& column) {
  if (!table) return kUnknown;
  const auto values = table->columns().find(column);
  return values == table->columns().end() || values->second.empty() ? kUnknown : values->second.back();
}

double value_in(const MetricTable& table, const std::string& column, size_t row) {
  const auto values = table.columns().find(column);
  return values == table.columns().end() ? kUnknown : values->second[row];
}

std::string newest_sheet(const std::string& run) {
  if (!io::is_directory(run + "/samples")) return "";
  std::string newest;
  for (const std::string& name : io::list_directory(run + "/samples"))
    if (name.starts_with("step-") && name.ends_with(".png")) newest = run + "/samples/" + name;
  return newest;
}

// The pace of the last rows, evaluations included, as far as the journal tells.
double seconds_to_go(const RunSummary& run, const MetricTable& table) {
  const auto& columns = table.columns();
  const auto steps = columns.find("step"), times = columns.find("time");
  if (run.total_steps == 0 || steps == columns.end() || times == columns.end() || steps->second.empty())
    return kUnknown;
  const size_t last = steps->second.size() - 1, first = last >= 8 ? last - 8 : 0;
  double done = steps->second[last], seconds = times->second[last];
  if (first < last) {
    done -= steps->second[first];
    seconds -= times->second[first];
  }
  if (!(done > 0)) return kUnknown;
  return seconds / done * (static_cast<double>(run.total_steps) - steps->second[last]);
}

void fill(WatchedRun& run) {
  const auto tables = metric_tables(io::read_journal(run.path + "/metrics.jsonl"));
  const auto table = [&](const char* name) {
    const auto found = tables.find(name);
    return found == tables.end() ? nullptr : &found->second;
  };
  const MetricTable* train = table("train");
  const MetricTable* valid = table("valid");
  run.train_nll = last_of(train, "nll");
  run.lr = last_of(train, "lr");
  run.items_per_s = last_of(train, "items_per_s");
  run.valid_nll.clear();
  run.last.clear();
  if (valid && valid->columns().contains("nll")) run.valid_nll = valid->columns().at("nll");
  for (size_t row = 0; valid && row < static_cast<size_t>(valid->rows()); ++row) {
    if (row + kShownRows < static_cast<size_t>(valid->rows())) continue;
    run.last.push_back({value_in(*valid, "step", row), value_in(*valid, "epoch", row), value_in(*valid, "time", row),
                        value_in(*valid, "nll", row)});
  }
  const MetricTable* longer = train && (!valid || train->rows() > valid->rows()) ? train : valid;
  run.eta = longer ? seconds_to_go(run.summary, *longer) : kUnknown;
  run.fraction = run.summary.total_steps > 0
                     ? static_cast<double>(run.summary.step) / static_cast<double>(run.summary.total_steps)
                     : kUnknown;
  run.samples = newest_sheet(run.path);
}

}  // namespace

const WatchedRun& RunWatcher::look() {
  seen_.path = path_;
  const std::string journal = path_ + "/metrics.jsonl";
  std::error_code error;
  const auto size = std::filesystem::file_size(journal, error);
  if (error || !RunDirectory::is_run(path_)) {
    if (seen_.id.empty()) seen_.id = path_.substr(path_.find_last_of('/') + 1);
    seen_.trouble = io::is_directory(path_) ? "it has no journal yet" : "it is gone: its directory was removed";
    size_ = -1;
    return seen_;
  }
  const auto changed = std::filesystem::last_write_time(journal, error);
  seen_.age =
      error ? 0 : std::chrono::duration<double>(std::filesystem::file_time_type::clock::now() - changed).count();
  const bool held = !io::lock_holder(path_ + "/.lock").empty();
  if (static_cast<int64_t>(size) == size_ && held == (seen_.summary.status == RunStatus::kRunning)) return seen_;
  try {
    seen_.trouble.clear();
    seen_.summary = summarise_run(path_);
    seen_.id = seen_.summary.id;
    fill(seen_);
    size_ = static_cast<int64_t>(size);
  } catch (const Error& e) {  // removed between two looks, or not readable
    const std::string reason = e.what();
    seen_.trouble = reason.substr(0, reason.find('\n'));
    size_ = -1;
  }
  return seen_;
}

}  // namespace mlrun
