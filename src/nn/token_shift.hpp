// RWKV's token shift as a layer: every position mixed with the one before it, by a learned share of each channel.
#pragma once

#include <string>

#include "nn/pass.hpp"

namespace mlrun {

class TokenShift {
 public:
  TokenShift() = default;
  // Declares `name` [channels]. Initial share of the position itself: (channel / channels)^power (Peng et al. 2023,
  // appendix E).
  TokenShift(const Scope& scope, const std::string& name, int64_t channels, double power);
  Variable operator()(Pass& pass, const Variable& x) const;  // [n, length, channels]
  // One position of `count` sequences: x and before [count, channels] -> y, which is neither.
  void step(const float* x, const float* before, int64_t count, float* y) const;

 private:
  Parameter mix_;
};

}  // namespace mlrun
