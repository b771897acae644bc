// Runs with what their specs say: one whose spec cannot be read must not hide the others.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "commands/runs/spec_table.hpp"
#include "experiment/origin.hpp"
#include "runs/find_run.hpp"

namespace mlrun {

struct ReadableRuns {
  std::vector<RunSummary> runs;
  SpecTable specs;                             // a row for each of them
  std::vector<std::optional<Origin>> origins;  // of each; nullopt: fresh weights
};

// Those of `runs` with a spec that this version reads; the others are named in `left_out`, with the reason in one line:
// half-written, damaged, or made by a newer version.
ReadableRuns readable_runs(const std::vector<RunSummary>& runs, std::vector<std::string>& left_out);

}  // namespace mlrun
