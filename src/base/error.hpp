// The one exception of mlrun: a message for the person, and the exit code for the script.
#pragma once

#include <fmt/format.h>

#include <stdexcept>
#include <string>
#include <utility>

namespace mlrun {

// What the process answers to the shell. A promise to scripts: see README, "Exit codes".
enum class ExitCode : int {
  kDone = 0,
  kInternal = 1,       // a bug of ours
  kUsage = 2,          // wrong command line or spec
  kData = 3,           // data missing or damaged
  kDiverged = 4,       // NaN, Inf, or a limit passed
  kDisk = 5,           // disk full, not writable, I/O error
  kLocked = 6,         // the run exists, or another process holds it
  kCheckpoint = 7,     // checkpoint damaged or incompatible
  kStopped = 75,       // stopped on purpose, resumable
  kRankLost = 76,      // one of several processes of a run is gone, resumable from the last checkpoint
  kInterrupted = 130,  // SIGINT, state saved
  kReaderLeft = 141,   // who read stdout has left, as a shell says of a process that SIGPIPE ended
  kTerminated = 143,   // SIGTERM or SIGHUP, state saved
};

// `what()` is complete and ready to print after "error: ": it names the place, what was found, what was
// expected and, where there is one, the remedy (further lines are allowed).
class Error : public std::runtime_error {
 public:
  Error(ExitCode code, const std::string& message) : std::runtime_error(message), code_(code) {}
  ExitCode code() const { return code_; }

 private:
  ExitCode code_;
};

template <class... Args>
[[noreturn]] void fail(ExitCode code, fmt::format_string<Args...> format, Args&&... args) {
  throw Error(code, fmt::format(format, std::forward<Args>(args)...));
}

// A broken promise between our own parts (shapes that do not fit, a null handle): exit code 1, never a user's mistake.
template <class... Args>
void require(bool holds, fmt::format_string<Args...> format, Args&&... args) {
  if (!holds) fail(ExitCode::kInternal, format, std::forward<Args>(args)...);
}

}  // namespace mlrun
