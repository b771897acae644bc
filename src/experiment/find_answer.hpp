// The run that answers a spec already, or that is to be gone on with for it: by fingerprint, in a run root.
#pragma once

#include <optional>
#include <string>

#include "experiment/experiment.hpp"
#include "runs/find_run.hpp"

namespace mlrun {

// The finished run of this fingerprint, with a checkpoint that can be used: of several one that has the spec's group
// and tags, else the oldest. A finished run whose checkpoint is gone or damaged is no answer, and that is said.
std::optional<RunSummary> find_answer(const std::string& root, const std::string& fingerprint,
                                      const ExperimentSpec& spec);
// The oldest run of this fingerprint that has neither finished nor diverged.
std::optional<RunSummary> find_unfinished(const std::string& root, const std::string& fingerprint);

// Whether the checkpoint that stands for the run's result, its best or before any evaluation its latest, is intact.
// `reason` (optional) says why not.
bool has_usable_checkpoint(const RunSummary& run, std::string* reason = nullptr);

}  // namespace mlrun
