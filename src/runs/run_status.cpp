#include "runs/run_status.hpp"

#include <array>

#include "base/error.hpp"

namespace mlrun {
namespace {

struct NamedStatus {
  RunStatus status;
  const char* name;
};
constexpr std::array<NamedStatus, 7> kStatuses = {{{RunStatus::kRunning, "running"},
                                                   {RunStatus::kFinished, "finished"},
                                                   {RunStatus::kStopped, "stopped"},
                                                   {RunStatus::kInterrupted, "interrupted"},
                                                   {RunStatus::kDiverged, "diverged"},
                                                   {RunStatus::kFailed, "failed"},
                                                   {RunStatus::kKilled, "killed"}}};

}  // namespace

const char* name_of(RunStatus status) {
  for (const NamedStatus& known : kStatuses) {
    if (known.status == status) return known.name;
  }
  fail(ExitCode::kInternal, "a run's status without a name");
}

std::optional<RunStatus> status_of_name(const std::string& name) {
  for (const NamedStatus& known : kStatuses) {
    if (name == known.name) return known.status;
  }
  return std::nullopt;
}

std::vector<std::string> status_names() {
  std::vector<std::string> names;
  for (const NamedStatus& known : kStatuses) names.emplace_back(known.name);
  return names;
}

}  // namespace mlrun
