#include "optim/optimizer.hpp"

namespace mlrun {

OptimizerOptions::OptimizerOptions(config::Reader& reader, double default_lr)
    : lr(reader.real("lr", {.help = "learning rate", .min = 0, .fallback = default_lr})),
      weight_decay(reader.real(
          "weight_decay",
          {.help = "L2 penalty (adamw, soap: decoupled decay) of weights and embeddings, not of biases and norms",
           .min = 0,
           .fallback = 0.0})) {}

MomentOptions::MomentOptions(config::Reader& reader, double default_lr, std::vector<double> default_betas)
    : OptimizerOptions(reader, default_lr),
      betas(reader.reals("betas", {.help = "decay of the two moments",
                                   .min = 0,
                                   .max = 1,
                                   .exclusive_max = true,
                                   .min_size = 2,
                                   .max_size = 2,
                                   .fallback = std::move(default_betas)})),
      eps(reader.real(
          "eps",
          {.help = "added to the root of the second moment", .min = 0, .exclusive_min = true, .fallback = 1e-8})) {}

OptimizerRegistry& optimizer_kinds() {
  static OptimizerRegistry registry;
  return registry;
}

}  // namespace mlrun
