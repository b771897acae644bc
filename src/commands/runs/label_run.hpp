// What people write on a run after it was begun: tags, a group, a note, another name. A record "label" of its journal.
#pragma once

#include <string>
#include <vector>

#include "runs/find_run.hpp"

namespace mlrun {

struct LabelRequest {
  std::vector<std::string> tags = {};
  std::string group = {}, note = {}, name = {};  // "" for none
};

// Adds them; what the run has already is not written again. Returns whether anything was written. Error(kUsage) for a
// tag, group or name that could not be typed as a selector; Error(kLocked) while another process has the run;
// Error(kDisk).
bool label_run(const RunSummary& run, const LabelRequest& request);

}  // namespace mlrun
