// What a reader elsewhere needs in order to compute a checkpoint's logits: the formulas of its model, and what each of
// its tensors is in them.
#pragma once

#include <string>
#include <vector>

#include "experiment/checkpoint.hpp"

namespace mlrun {

struct ExplainedTensor {
  std::string path;     // in the file, "/average/hidden_1/weight": that of the values that eval and sample use
  std::string pattern;  // the same with * in the place of numbers, as the model explains it
  std::string type, axes, meaning;
  Shape shape;
  bool in_file = true;  // not for a buffer that files of its age do not hold yet
};

struct ModelLayout {
  std::string place;  // "/" or "/stage_one/": where in the file this model is
  std::string kind;   // of the spec
  DataSpec data;
  bool averaged = false;  // the weights in use are moving averages, below /average and /average_state
  std::vector<std::string> computation;
  std::vector<ExplainedTensor> tensors;  // parameters, buffers, states
};

// The model of the checkpoint, then its stage one if it holds one. Error(kCheckpoint) where the spec in it is not one
// that this mlrun reads.
std::vector<ModelLayout> layouts_of(const Checkpoint& checkpoint);

}  // namespace mlrun
