// What happens between training steps: evaluations, rows of metrics, checkpoints, stops.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "train/observer.hpp"
#include "train/run_keeper.hpp"
#include "train/trainer.hpp"

namespace mlrun {

struct LoopOptions {
  std::optional<config::Period> stop_after;                     // counted from the start of this call; then "stopped"
  std::function<int()> interrupted = [] { return 0; };          // a signal number, or 0
  std::function<bool()> save_requested = [] { return false; };  // true once per request
  TrainedTime before;                                           // this call
};

struct LoopOutcome {
  RunStatus status;     // finished, stopped or interrupted
  std::string reason;   // of a status that says too little: "no new best in 5 evaluations (train.patience)"
  bool trained = true;  // false: there was nothing left to do
  int signal = 0;       // that interrupted it, whichever rank saw it
};

// Trains to the end, or to a stop. All ranks of a run call it; the keeper of the first keeps what there is to keep.
LoopOutcome run_training(Trainer& trainer, RunKeeper& keeper, TrainObserver& observer, const LoopOptions& options);

}  // namespace mlrun
