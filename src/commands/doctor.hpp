// Is this machine, and this installation, fit to train on? Each finding with its remedy.
#pragma once

#include <string>
#include <vector>

namespace mlrun {

struct Finding {
  enum class State { kOk, kWarning, kFail };
  State state = State::kOk;
  std::string subject, found;
  std::string remedy;  // "" where all is well
};
const char* name_of(Finding::State state);  // "ok", "warning", "FAIL"

// Versions, processor, cores, floating-point mode, memory, data root, run root, cache, neighbours. Writes nothing but a
// probe that it removes again. About 10 ms.
std::vector<Finding> examine_machine();

}  // namespace mlrun
