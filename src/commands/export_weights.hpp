// The weights of a checkpoint, for other programs.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "experiment/checkpoint.hpp"
#include "io/named_tensor.hpp"

namespace mlrun {

struct ExportedWeights {
  // By name: parameters as in the checkpoint with dots for slashes (hidden_1.weight), then "buffers.NAME" (what is
  // fixed: orders, masks), "state.NAME" (learned otherwise than by gradients: codebooks), and of a prior over codes the
  // same of its frozen stage one, "stage_one. ...".
  std::vector<io::NamedTensor> tensors;
  // Text that goes along: format "pt" (as PyTorch's own files say), kind of model, spec, step, which weights these are,
  // fingerprint, protocol of the data, and "axes": a JSON object from name to axes.
  std::map<std::string, std::string> metadata;
  bool averaged = false;
};

// `average`: moving averages where the run keeps them (train.average), which is what evaluation uses.
ExportedWeights exported_weights(const Checkpoint& checkpoint, bool average);

}  // namespace mlrun
