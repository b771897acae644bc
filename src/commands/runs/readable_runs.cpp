#include "commands/runs/readable_runs.hpp"

#include "base/error.hpp"
#include "experiment/experiment.hpp"

namespace mlrun {

ReadableRuns readable_runs(const std::vector<RunSummary>& runs, std::vector<std::string>& left_out) {
  ReadableRuns readable;
  for (const RunSummary& run : runs) {
    try {
      const Experiment experiment = Experiment::load(run.path + "/resolved.yaml", {});
      readable.specs.add(experiment.fields());
      readable.origins.push_back(experiment.origin());
      readable.runs.push_back(run);
    } catch (const Error& e) {
      const std::string reason = e.what();
      left_out.push_back(fmt::format("{}: {}", run.id, reason.substr(0, reason.find('\n'))));
    }
  }
  return readable;
}

}  // namespace mlrun
