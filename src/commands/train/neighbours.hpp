// Other processes of mlrun on this machine. Two that share cores are slower than one after the other.
#pragma once

#include <string>
#include <vector>

namespace mlrun {

struct Neighbour {
  int pid = 0;
  std::string command;     // "mlrun train configs/made.yaml", cut after some 60 characters
  std::vector<int> cores;  // that it may use, ascending
  int threads = 1;         // it has now
};

// Processes called mlrun, other than this one, that compute at this moment and may use one of our cores; by pid. What
// /proc does not show (another container's, a hidden user's) is not seen. Takes up to 10 ms if some of them sleep.
std::vector<Neighbour> neighbours();

// One line of warning if the threads of ours and of the neighbours are more than the cores they may use together, with
// pids and remedy; none under -q. Call it when training begins. `folder`, if there is such a folder, remembers who was
// told: the runs that one session (a shell, a sweep) begins there within an hour of each other hear of neighbours once.
void warn_if_sharing_cores(int threads, const std::string& folder);

}  // namespace mlrun
