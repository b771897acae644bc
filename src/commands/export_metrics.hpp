// The metrics of runs, for other programs.
#pragma once

#include <string>
#include <vector>

#include "runs/find_run.hpp"

namespace mlrun {

// One line for each row of each run's tables, columns `run` (its id), `table` (train, valid), `step`, `epoch`, `time`,
// then all others by name; empty where a row has no such value. Numbers read back to the same double.
std::string metrics_csv(const std::vector<RunSummary>& runs);
// The same as one JSON object a line, without what a row does not have.
std::string metrics_json_lines(const std::vector<RunSummary>& runs);
// An event file of TensorBoard: a scalar TABLE/COLUMN for every value, at the time the run began plus the time of
// training.
std::string metrics_events(const RunSummary& run);

}  // namespace mlrun
