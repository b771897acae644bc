// What may go from the run root: runs that are not wanted any more, and what runs left behind.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "runs/find_run.hpp"

namespace mlrun {

struct Removal {
  std::string path;    // a run's directory, or one file
  std::string reason;  // for the person: "finished, valid/nll 84.123"; "neither best nor last"
  int64_t bytes = 0;   // of all files in it
};

// Of whole runs. Error(kLocked) naming the first that another process is training.
std::vector<Removal> removal_of(const std::vector<RunSummary>& runs);

// What no run needs: temporary files of writers that were killed; of finished runs the checkpoints that are neither the
// best nor the last; directories that were made for a run which never began. Runs that are being trained are left
// alone.
std::vector<Removal> garbage_in(const std::string& root);

// Removes them: a run's directory is renamed first, so that what is left of it after a kill is no run any more.
// Error(kLocked), Error(kDisk).
void remove_all(const std::vector<Removal>& removals);

}  // namespace mlrun
