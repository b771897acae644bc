// Whether a run may go on under a spec, and what it is then.
#pragma once

#include <string>

#include "experiment/checkpoint_identity.hpp"
#include "runs/find_run.hpp"
#include "runs/run_directory.hpp"
#include "train/trainer.hpp"

namespace mlrun {

// What a run that has no checkpoint yet was begun with, by its resolved.yaml.
CheckpointIdentity beginning_of(const RunDirectory& run, const RunSummary& so_far, const Dataset& data);

struct Continuation {
  History history;        // of the run from here on
  bool extended;          // the spec is another than so far
  std::string departure;  // why the run is not exact any more from here on; "" where it stays what it is
};

// `trainer` is built for the spec wanted, `saved` and `state` are those of the checkpoint that is gone on from (of a
// run without one: those of its beginning), `summary` is what the journal says of the run.
//
// Another length (train.for) is the run that this spec would have begun if that had made the same steps so far: the
// schedule is asked for every one of them, and evaluations must fall where they did. Any other difference needs
// `allow_inexact`, or that it was allowed before and the run was killed before its next checkpoint.
// Error(kUsage) for a difference that is not allowed, and for a length that is less than was trained.
Continuation continue_under(const Trainer& trainer, const CheckpointIdentity& saved, const TrainState& state,
                            const RunSummary& summary, bool allow_inexact);

}  // namespace mlrun
