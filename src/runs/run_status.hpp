// In which state a run is, as journal, run.h5 and JSON say it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace mlrun {

enum class RunStatus : uint8_t {
  kRunning,      // a process holds its lock
  kFinished,     // trained to its end
  kStopped,      // by --stop-after
  kInterrupted,  // by a signal, with a checkpoint
  kDiverged,     // NaN or Inf
  kFailed,       // an error of another kind
  kKilled,       // its process ended without a word
};
const char* name_of(RunStatus status);  // "finished"
std::optional<RunStatus> status_of_name(const std::string& name);
std::vector<std::string> status_names();  // of all

}  // namespace mlrun
