#include "commands/runs/compare.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <unordered_map>
#include <utility>

#include "base/error.hpp"
#include "base/log.hpp"
#include "base/nearest_name.hpp"
#include "commands/runs/show.hpp"

namespace mlrun {
namespace {

constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

// The status of one run; of several, how many are in which.
std::string status_of(const std::vector<RunSummary>& runs) {
  std::map<std::string, int> counts;
  for (const RunSummary& run : runs) ++counts[name_of(run.status)];
  if (counts.size() == 1) return counts.begin()->first;
  std::string text;
  for (const auto& [status, count] : counts) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, status);
  return text;
}

// Of runs with one fingerprint, keeps the finished one, else the latest.
void drop_repeated(std::vector<RunSummary>& runs) {
  std::vector<RunSummary> kept;
  std::unordered_map<std::string, size_t> by_fingerprint;  // where in `kept`
  for (RunSummary& run : runs) {
    const auto [found, is_new] = by_fingerprint.emplace(run.fingerprint, kept.size());
    if (is_new || run.fingerprint.empty()) {
      kept.push_back(std::move(run));
      continue;
    }
    RunSummary& same = kept[found->second];
    const bool replaces = run.status == RunStatus::kFinished || same.status != RunStatus::kFinished;
    const std::string& out = replaces ? same.id : run.id;
    const std::string& in = replaces ? run.id : same.id;
    log::warning("{} has the same fingerprint as {} and is left out", out, in);
    if (replaces) same = std::move(run);
  }
  runs = std::move(kept);
}

// Fields that only say where the initial weights are. Which they are is one field, `origin`.
bool is_of_origin(const std::string& path) { return path.starts_with("origin."); }

// Words for the initial weights of runs: the same for the same weights, wherever they were found.
class OriginWords {
 public:
  std::string of(const std::optional<Origin>& origin) {
    if (!origin) return "none";
    const std::string where = origin->run.empty() ? origin->checkpoint : origin->run;
    return words_.try_emplace(origin->sha256, fmt::format("{} at step {}", where, origin->step)).first->second;
  }

 private:
  std::map<std::string, std::string> words_;  // by hash
};

std::string words_of(const History& history) {
  if (history.empty()) return "exact";
  std::string text;
  for (const Segment& s : history)
    text += fmt::format("{}{} steps of {:.6}", text.empty() ? "inexact: " : ", ", s.end - s.begin, s.fingerprint);
  return text;
}

// The specs, with what is no field of them: the initial weights and the history, a word for each run.
SpecTable compared_specs(const ReadableRuns& readable) {
  SpecTable specs = readable.specs;
  OriginWords words;
  std::vector<std::string> origins, histories;
  for (const std::optional<Origin>& origin : readable.origins) origins.push_back(words.of(origin));
  for (const RunSummary& run : readable.runs) histories.push_back(words_of(run.history));
  specs.add_column("origin", std::move(origins));
  specs.add_column("history", std::move(histories));
  return specs;
}

bool differs(const SpecTable::Column& column, size_t rows) {
  for (size_t row = 1; row < rows; ++row)
    if (column.at(row) != column.at(0)) return true;
  return false;
}

// What is compared: the columns that differ, without names, tags and what is grouped by. Those that others stand for
// only where there is nothing else.
std::vector<const SpecTable::Column*> differing_columns(const SpecTable& specs,
                                                        const std::vector<std::string>& group_by) {
  std::vector<const SpecTable::Column*> columns;
  for (const SpecTable::Column& column : specs.columns()) {
    if (is_bookkeeping(column.path) || is_of_origin(column.path) || has_word(group_by, column.path)) continue;
    if (differs(column, specs.rows())) columns.push_back(&column);
  }
  const auto is_lengthy = [](const SpecTable::Column* column) { return column->in_full_only; };
  if (!std::all_of(columns.begin(), columns.end(), is_lengthy)) std::erase_if(columns, is_lengthy);
  return columns;
}

void require_fields(const std::vector<std::string>& group_by, const std::vector<std::string>& paths) {
  for (const std::string& path : group_by) {
    if (std::find(paths.begin(), paths.end(), path) != paths.end()) continue;
    const auto nearest = nearest_name(path, paths);
    fail(ExitCode::kUsage, "--group-by: no field '{}' in these specs{}", path,
         nearest ? fmt::format("; did you mean '{}'?", *nearest) : "");
  }
}

}  // namespace

Spread spread_of(const std::vector<double>& values) {
  Spread s{0, 0, kMissing};
  for (const double v : values) {
    if (std::isnan(v)) continue;
    s.mean += v;
    ++s.count;
  }
  if (s.count == 0) return {0, kMissing, kMissing};
  s.mean /= static_cast<double>(s.count);
  if (s.count < 2) return s;
  double squares = 0;
  for (const double v : values) {
    if (!std::isnan(v)) squares += (v - s.mean) * (v - s.mean);
  }
  s.sd = std::sqrt(squares / static_cast<double>(s.count - 1));
  return s;
}

Comparison compare_runs(const ReadableRuns& readable, const std::vector<std::string>& group_by) {
  const SpecTable specs = compared_specs(readable);
  const std::vector<RunSummary>& runs = readable.runs;
  require_fields(group_by, specs.paths());
  Comparison comparison;
  comparison.obstacle = obstacle_to_ranking(runs);
  const std::vector<const SpecTable::Column*> columns = differing_columns(specs, group_by);
  for (const SpecTable::Column* column : columns) comparison.fields.push_back(column->path);
  // What the data are is not a field, but never mixed in one mean either.
  std::map<std::vector<std::string>, size_t> row_of;  // values, protocol and data
  for (size_t i = 0; i < runs.size(); ++i) {
    std::vector<std::string> values;
    for (const SpecTable::Column* column : columns) values.push_back(column->at(i));
    bool is_new = true;
    size_t row = comparison.rows.size();
    if (!group_by.empty()) {
      std::vector<std::string> key = values;
      key.insert(key.end(), {runs[i].protocol, runs[i].data_hash});
      const auto found = row_of.emplace(std::move(key), row);
      row = found.first->second;
      is_new = found.second;
    }
    if (is_new) comparison.rows.push_back({{runs[i]}, std::move(values), {}, {}, {}, false, ""});
    else comparison.rows[row].runs.push_back(runs[i]);
  }
  for (ComparisonRow& row : comparison.rows) {
    if (!group_by.empty()) drop_repeated(row.runs);
    std::vector<double> valid, bpd;
    for (const RunSummary& run : row.runs) {
      valid.push_back(run.best_nll);
      bpd.push_back(run.best_bpd);
    }
    row.valid_nll = spread_of(valid);
    row.valid_bpd = spread_of(bpd);
    row.test_nll = {0, kMissing, kMissing};
    row.status = status_of(row.runs);
  }
  return comparison;
}

void add_test_results(Comparison& comparison) {
  for (ComparisonRow& row : comparison.rows) {
    std::vector<double> test;
    for (const RunSummary& run : row.runs) {
      const std::optional<KeptEvaluation> tested = kept_test(run);
      test.push_back(tested ? tested->nll : kMissing);
      row.test_is_bound = row.test_is_bound || (tested && tested->bound);
    }
    row.test_nll = spread_of(test);
  }
}

}  // namespace mlrun
