// `mlrun eval`: a checkpoint against a split of its data.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "run/checkpoint.hpp"
#include "run/evaluate.hpp"

namespace mlrun {

struct EvalRequest {
  std::string selector, which = "best";
  Split split = Split::kTest;
  std::vector<std::string> overrides, places;  // of data.* and eval.*
  std::string per_example;                     // "" or an HDF5 file to write
  int threads = 0;
  std::function<bool()> interrupted;
};

struct EvalOutcome {
  std::string run, checkpoint, protocol;
  int64_t step = 0;
  Evaluation result;
};

// The data must be the data the model was trained on (by hash), unless an override changes data.*. A checkpoint in a
// run also leaves evals/step-N-SPLIT.h5 in it (a run that cannot be written is evaluated all the same).
EvalOutcome evaluate_checkpoint(const EvalRequest& request);

}  // namespace mlrun
