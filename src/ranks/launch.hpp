// Whether a launcher (mpirun, srun) started this process as one of several, by its environment alone.
#pragma once

#include <string>

namespace mlrun {

struct Launch {
  int rank = 0, size = 1;
  std::string launcher = {};  // "mpirun", "srun"; "" where this process was started by itself
  bool several() const { return size > 1; }
};

// MLRUN_RANKS=alone in the environment: each process for itself, whatever started it.
Launch launch_of_environment();

// The words that started the ranks, to be put in front of a command: "mpirun --oversubscribe -n 4" as it was typed,
// where it runs on this machine, else "mpirun -n 4" or "srun -n 4".
std::string launching_words(const Launch& launch);

}  // namespace mlrun
