// Names of runs as people type them: a directory, a run id, a unique prefix of one, @last, @best:valid/nll, or one of a
// group or tag, @group:NAME@best, @group:NAME@last, @tag:NAME@best ...; and a checkpoint of a run, or a checkpoint
// file.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "runs/run_summary.hpp"

namespace mlrun {

// What the journal says of a run, without opening HDF5.
RunSummary summarise_run(const std::string& path);
std::vector<RunSummary> all_runs(const std::string& root);  // by creation, oldest first

// "" where the NLLs of these runs are of the same thing; else the reason why they are never ranked together: they
// differ in data, in what is predicted, or in binarization or split.
std::string obstacle_to_ranking(const std::vector<RunSummary>& runs);

// What "@group:NAME" or "@tag:NAME" stands for, oldest first. Error(kUsage) when nothing fits; nullopt when the
// selector is of another kind (with @best or @last behind it, it is one run: find_run).
std::optional<std::vector<RunSummary>> marked_runs(const std::string& selector, const std::vector<RunSummary>& all);

// The run's directory. Error(kUsage) when nothing, or more than one, fits; of a directory that is no run, with the runs
// in it.
std::string find_run(const std::string& selector);
// A checkpoint file as it is; of a run: "best" (default), "last", or a step. A damaged best or last falls back, loudly.
std::string find_checkpoint(const std::string& selector, const std::string& which = "best");

}  // namespace mlrun
