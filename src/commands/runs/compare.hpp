// What differs between runs, and their results, with mean and deviation over those that differ in a seed only.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "commands/runs/readable_runs.hpp"

namespace mlrun {

// Over the runs of one row that have the figure; sd is of a sample (n - 1), NaN for fewer than two.
struct Spread {
  int64_t count = 0;
  double mean = 0, sd = 0;  // NaN where count is 0
};
Spread spread_of(const std::vector<double>& values);  // NaN values are left out

struct ComparisonRow {
  std::vector<RunSummary> runs;
  std::vector<std::string> values;  // of Comparison::fields; "" where the spec has no such field
  Spread valid_nll, valid_bpd;      // best of each run, nats and bits/dim
  Spread test_nll;                  // of the kept evaluation at the best step, nats
  bool test_is_bound = false;       // it is an upper bound, of a prior over codes
  std::string status;               // "finished", or "2 finished, 1 diverged"
};

struct Comparison {
  // That differ, in the order of the spec, without names, tags and what is grouped by. `origin` is the weights that
  // runs began from; `history` says of those that are not exact which steps were trained under another spec.
  std::vector<std::string> fields;
  std::vector<ComparisonRow> rows;  // in the order of the runs
  // Why the results must not be ranked: binarizations or data differ. "" when they may.
  std::string obstacle;
};

// Rows hold the runs that agree in everything but the fields `group_by` (none: one run each). Of runs with one
// fingerprint in a row only the finished, or latest, counts: the same run twice would make the deviation too small.
// Error(kUsage) for a field that no spec has. Test results are not there yet.
Comparison compare_runs(const ReadableRuns& readable, const std::vector<std::string>& group_by);
// Reads them: a file for each run.
void add_test_results(Comparison& comparison);

}  // namespace mlrun
