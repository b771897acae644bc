#include "experiment/find_answer.hpp"

#include <algorithm>

#include "base/log.hpp"
#include "experiment/labels.hpp"
#include "io/checkpoint_file.hpp"
#include "io/file.hpp"

namespace mlrun {

bool has_usable_checkpoint(const RunSummary& run, std::string* reason) {
  const RunDirectory directory = RunDirectory::open(run.path);
  const std::vector<int64_t> steps = directory.checkpoint_steps();
  const int64_t step = run.best_step > 0 ? run.best_step : steps.empty() ? 0 : steps.back();
  if (std::find(steps.begin(), steps.end(), step) == steps.end()) {
    if (reason) *reason = steps.empty() ? "it has none" : fmt::format("that of its best step, {}, is gone", step);
    return false;
  }
  return io::verify_checkpoint(directory.checkpoint_path(step), reason);
}

std::optional<RunSummary> find_answer(const std::string& root, const std::string& fingerprint,
                                      const ExperimentSpec& spec) {
  std::optional<RunSummary> answer;
  for (const RunSummary& run : all_runs(root)) {
    if (run.fingerprint != fingerprint || run.status != RunStatus::kFinished) continue;
    if (answer && !missing_labels(run, spec).empty()) continue;
    std::string reason;
    if (!has_usable_checkpoint(run, &reason)) {
      log::warning(
          "{} is finished and has this fingerprint, but no checkpoint that can be used, so it is no answer\n  {}",
          run.path, reason);
      continue;
    }
    answer = run;
    if (missing_labels(run, spec).empty()) break;
  }
  return answer;
}

std::optional<RunSummary> find_unfinished(const std::string& root, const std::string& fingerprint) {
  for (const RunSummary& run : all_runs(root)) {
    if (run.fingerprint == fingerprint && run.status != RunStatus::kFinished && run.status != RunStatus::kDiverged)
      return run;
  }
  return std::nullopt;
}

}  // namespace mlrun
