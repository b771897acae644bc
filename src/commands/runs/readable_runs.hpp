// Runs whose specs are to be read: one that cannot be must not hide the others.
#pragma once

#include <string>
#include <vector>

#include "runs/find_run.hpp"

namespace mlrun {

// Those of `runs` with a spec that this version reads; the others are named in `left_out`, with the reason in one line:
// half-written, damaged, or made by a newer version.
std::vector<RunSummary> readable_runs(const std::vector<RunSummary>& runs, std::vector<std::string>& left_out);

}  // namespace mlrun
