#include "optim/optimizer.hpp"

namespace mlrun {

OptimizerOptions::OptimizerOptions(config::Reader& reader, double default_lr)
    : lr(reader.real("lr", {.help = "learning rate", .min = 0, .fallback = default_lr})),
      weight_decay(
          reader.real("weight_decay",
                      {.help = "L2 penalty (adamw: decoupled decay) of weights and embeddings, not of biases and norms",
                       .min = 0,
                       .fallback = 0.0})) {}

OptimizerRegistry& optimizer_kinds() {
  static OptimizerRegistry registry;
  return registry;
}

}  // namespace mlrun
