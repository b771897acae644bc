// Runs with their specs: one whose spec cannot be read must not hide the others.
#pragma once

#include <string>
#include <vector>

#include "experiment/experiment.hpp"
#include "runs/find_run.hpp"

namespace mlrun {

struct ReadableRun {
  RunSummary summary;
  Experiment experiment;
};

// Those of `runs` with a spec that this version reads; the others are named in `left_out`, with the reason in one line:
// half-written, damaged, or made by a newer version.
std::vector<ReadableRun> readable_runs(const std::vector<RunSummary>& runs, std::vector<std::string>& left_out);

}  // namespace mlrun
