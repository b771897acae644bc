// What happens between training steps: evaluations, rows of metrics, checkpoints, stops.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "runs/recorder.hpp"
#include "runs/run_directory.hpp"
#include "train/observer.hpp"
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
};

// Trains to the end, or to a stop, in the directory.
LoopOutcome run_training(Trainer& trainer, RunDirectory& directory, Recorder& recorder, TrainObserver& observer,
                         const LoopOptions& options);

}  // namespace mlrun
