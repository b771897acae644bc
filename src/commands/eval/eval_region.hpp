// `mlrun eval --region`: how likely the rest of the images of a split is, given a part of each.
#pragma once

#include <optional>
#include <string>

#include "commands/eval/eval.hpp"

namespace mlrun {

struct RegionOutcome {
  std::string run, checkpoint, protocol;
  EvaluatedData data;
  int64_t step = 0;
  int64_t components = 1;                    // of the mixture that the model is
  int64_t known = 0, unknown = 0;            // positions
  std::vector<std::vector<int64_t>> orders;  // in which positions are visited, by component: the known ones first
  Evaluation result;                   // of -log p(unknown | known), whatever the model; bits per unknown position
  std::optional<Evaluation> labelled;  // of -log p(unknown | known, y), y the label, of a conditional model
};

// The request's `draws` must be 1. Error(kUsage) where the model cannot do it exactly; else as evaluate_checkpoint.
// Nothing is left in the run.
RegionOutcome evaluate_region(const EvalRequest& request, const std::string& region);

}  // namespace mlrun
