// What Mamba and Mamba-2 share.
#pragma once

#include "config/reader.hpp"
#include "kernels/conv/causal_taps.hpp"
#include "mixers/time_steps.hpp"
#include "nn/pass.hpp"

namespace mlrun {

struct MambaOptions {
  explicit MambaOptions(config::Reader& reader);
  int64_t expand, taps;
  TimeSteps steps;
  double lr;  // of A, time steps and D; 0: the optimizer's
};

// The short causal convolution before the scan, with SiLU.
class CausalTaps {
 public:
  // Declares `weight` [taps, channels] and `bias` [channels].
  CausalTaps(const Scope& scope, int64_t channels, int64_t taps);
  Variable operator()(Pass& pass, const Variable& x) const;  // [n, length, channels]

  // From one position to the next, of a number of sequences.
  class Stepper {
   public:
    Stepper(const CausalTaps& taps, int64_t count);
    void extend(const float* x, int64_t length, float* y);  // [length, count, channels]; y may be x
    Tensor state() const { return past_; }

   private:
    const CausalTaps* taps_;
    int64_t count_;
    Tensor past_;  // [count, taps * channels]
  };

 private:
  kernels::TapsShape shape() const { return {1, 1, weight_.value().dim(1), weight_.value().dim(0)}; }
  Parameter weight_, bias_;
};

}  // namespace mlrun
