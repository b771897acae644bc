#include "mixers/mamba_parts.hpp"

#include <algorithm>

#include "nn/initialisers.hpp"
#include "ops/conv/causal_taps.hpp"

namespace mlrun {

MambaOptions::MambaOptions(config::Reader& reader)
    : expand(reader.integer("expand",
                            {.help = "inner channels for each of the stream", .min = 1, .max = 64, .fallback = 2})),
      taps(reader.integer("taps", {.help = "positions that the short convolution before the scan sees, its own among "
                                           "them",
                                   .min = 1,
                                   .max = kernels::kMostTaps,
                                   .fallback = 4})),
      steps(reader),
      lr(reader
             .real_or("lr", "auto",
                      {.help = "learning rate of the decays A, the time steps' bias and D, which follows the schedule; "
                               "auto: the optimizer's",
                       .min = 0,
                       .exclusive_min = true})
             .value_or(0)) {}

CausalTaps::CausalTaps(const Scope& scope, int64_t channels, int64_t taps)
    : weight_(scope.parameter("weight", {taps, channels}, "tap,channel", ParameterKind::kWeight,
                              initialise::lecun_uniform(taps))),
      bias_(scope.parameter("bias", {channels}, "channel", ParameterKind::kBias, initialise::zeros())) {}

Variable CausalTaps::operator()(Pass& pass, const Variable& x) const {
  return ops::causal_taps(x, pass(weight_), pass(bias_));
}

CausalTaps::Stepper::Stepper(const CausalTaps& taps, int64_t count)
    : taps_(&taps), count_(count), past_(Tensor::zeros({count, taps.weight_.value().count()})) {}

void CausalTaps::Stepper::extend(const float* x, int64_t length, float* y) {
  const kernels::TapsShape shape = taps_->shape();
  for (int64_t row = 0; row < length * count_; ++row) {
    kernels::causal_taps_step(
        shape, x + row * shape.channels, taps_->weight_.value().data<float>(), taps_->bias_.value().data<float>(),
        past_.data<float>() + row % count_ * shape.taps * shape.channels, y + row * shape.channels);
  }
}

}  // namespace mlrun
