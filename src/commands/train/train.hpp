// `mlrun train`: which run is begun, continued or found finished, and its life from the first line to the last.
#pragma once

#include <string>
#include <vector>

#include "train/observer.hpp"
#include "train/training_loop.hpp"

namespace mlrun {

struct TrainRequest {
  TrainRequest() = default;
  explicit TrainRequest(Ranks& together) : ranks(together) {}
  std::string spec;                    // a YAML file, or a run (its resolved spec); may be empty with `resume`
  std::vector<std::string> overrides;  // "a.b=c"
  std::vector<std::string> places;     // of the overrides: "argument 3", "--seed"
  std::string run_dir;                 // "" for a new directory under the run root
  std::string resume;                  // "", "auto", or a run
  bool if_needed = false;              // a finished run with this fingerprint and a checkpoint is the answer
  bool allow_inexact = false;          // resume although the spec differs, and mark the run for good
  int threads = 0;                     // 0: as many as lanes and cores allow
  LoopOptions loop;
  Ranks& ranks = one_rank();  // that train the run together; each must be given the same request
  bool mixed_cpus = false;    // they may run on different kinds of CPU
};

struct TrainOutcome {
  std::string directory;                    // "" on all ranks but the first
  RunStatus status = RunStatus::kFinished;  // or stopped, interrupted
  std::string reason;                       // of a status that says too little (LoopOutcome::reason)
  bool trained = true;                      // false: the run was finished before
  int64_t total_steps = 0;                  // of the whole training; 0: the clock ends it
  int signal = 0;                           // that interrupted it, whichever rank saw it
};

// Of several ranks the first does all that is done to files; the others' outcome has no directory.
// Error(kDiverged, kLocked, kUsage, kData, kDisk, kCheckpoint) as documented for the exit codes.
TrainOutcome train(const TrainRequest& request, TrainObserver& observer);

}  // namespace mlrun
