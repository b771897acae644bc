#include "commands/runs/compare.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <set>

#include "base/error.hpp"
#include "base/log.hpp"
#include "base/nearest_name.hpp"
#include "commands/runs/show.hpp"

namespace mlrun {
namespace {

constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

using Values = std::map<std::string, std::string>;  // path -> value

// Those by default come first, so runs that were also evaluated otherwise are compared by what all have.
std::optional<KeptEvaluation> test_of(const RunSummary& run) {
  for (const KeptEvaluation& e : kept_evaluations(run.path)) {
    if (e.split == "test" && e.step == run.best_step && e.protocol == run.protocol) return e;
  }
  return std::nullopt;
}

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
  for (const RunSummary& run : runs) {
    const auto same = std::find_if(kept.begin(), kept.end(), [&](const RunSummary& other) {
      return !run.fingerprint.empty() && other.fingerprint == run.fingerprint;
    });
    if (same == kept.end()) {
      kept.push_back(run);
      continue;
    }
    const bool replaces = run.status == RunStatus::kFinished || same->status != RunStatus::kFinished;
    const std::string& out = replaces ? same->id : run.id;
    const std::string& in = replaces ? run.id : same->id;
    log::warning("{} has the same fingerprint as {} and is left out", out, in);
    if (replaces) *same = run;
  }
  runs = std::move(kept);
}

struct Specs {
  std::vector<Values> values;      // of each run
  std::vector<std::string> paths;  // of all, in the order of the specs
  std::set<std::string> lengthy;   // those that other fields stand for (config::FieldRecord::in_full_only)
};

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

Specs specs_of(const std::vector<ReadableRun>& runs) {
  Specs specs;
  std::set<std::string> known;
  OriginWords origins;
  for (const auto& [run, experiment] : runs) {
    Values values;
    for (const config::FieldRecord& field : experiment.fields()) {
      if (field.type == config::FieldType::kSection || is_of_origin(field.path)) continue;
      values[field.path] = field.value;
      if (known.insert(field.path).second) specs.paths.push_back(field.path);
      if (field.in_full_only) specs.lengthy.insert(field.path);
    }
    values["origin"] = origins.of(experiment.origin());
    values["history"] = words_of(run.history);
    specs.values.push_back(std::move(values));
  }
  specs.paths.insert(specs.paths.end(), {"origin", "history"});
  return specs;
}

std::string value_of(const Values& values, const std::string& path) {
  const auto found = values.find(path);
  return found == values.end() ? "" : found->second;
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

Comparison compare_runs(const std::vector<ReadableRun>& readable, const std::vector<std::string>& group_by) {
  const Specs specs = specs_of(readable);
  std::vector<RunSummary> runs;
  for (const ReadableRun& run : readable) runs.push_back(run.summary);
  require_fields(group_by, specs.paths);
  Comparison comparison;
  comparison.obstacle = obstacle_to_ranking(runs);
  for (const std::string& path : specs.paths) {
    if (is_bookkeeping(path) || std::find(group_by.begin(), group_by.end(), path) != group_by.end()) continue;
    const std::string first = value_of(specs.values.front(), path);
    const bool differs = std::any_of(specs.values.begin(), specs.values.end(),
                                     [&](const Values& values) { return value_of(values, path) != first; });
    if (differs) comparison.fields.push_back(path);
  }
  const auto is_lengthy = [&](const std::string& path) { return specs.lengthy.count(path) > 0; };
  if (!std::all_of(comparison.fields.begin(), comparison.fields.end(), is_lengthy))
    std::erase_if(comparison.fields, is_lengthy);
  for (size_t i = 0; i < runs.size(); ++i) {
    std::vector<std::string> values;
    for (const std::string& path : comparison.fields) values.push_back(value_of(specs.values[i], path));
    // What the data are is not a field, but never mixed in one mean either.
    const auto row = group_by.empty()
                         ? comparison.rows.end()
                         : std::find_if(comparison.rows.begin(), comparison.rows.end(), [&](const ComparisonRow& r) {
                             return r.values == values && r.runs[0].protocol == runs[i].protocol &&
                                    r.runs[0].data_hash == runs[i].data_hash;
                           });
    if (row == comparison.rows.end()) comparison.rows.push_back({{runs[i]}, values, {}, {}, {}, false, ""});
    else row->runs.push_back(runs[i]);
  }
  for (ComparisonRow& row : comparison.rows) {
    if (!group_by.empty()) drop_repeated(row.runs);
    std::vector<double> valid, bpd, test;
    for (const RunSummary& run : row.runs) {
      valid.push_back(run.best_nll);
      bpd.push_back(run.best_bpd);
      const std::optional<KeptEvaluation> tested = test_of(run);
      test.push_back(tested ? tested->nll : kMissing);
      row.test_is_bound = row.test_is_bound || (tested && tested->bound);
    }
    row.valid_nll = spread_of(valid);
    row.valid_bpd = spread_of(bpd);
    row.test_nll = spread_of(test);
    row.status = status_of(row.runs);
  }
  return comparison;
}

}  // namespace mlrun
