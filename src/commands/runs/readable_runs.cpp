#include "commands/runs/readable_runs.hpp"

#include "base/error.hpp"

namespace mlrun {

std::vector<ReadableRun> readable_runs(const std::vector<RunSummary>& runs, std::vector<std::string>& left_out) {
  std::vector<ReadableRun> readable;
  for (const RunSummary& run : runs) {
    try {
      readable.push_back({run, Experiment::load(run.path + "/resolved.yaml", {})});
    } catch (const Error& e) {
      const std::string reason = e.what();
      left_out.push_back(fmt::format("{}: {}", run.id, reason.substr(0, reason.find('\n'))));
    }
  }
  return readable;
}

}  // namespace mlrun
