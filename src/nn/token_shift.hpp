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
  // `length` positions of `count` sequences, which come after the position `before` [count, channels]: x [length, count,
  // channels] -> y, which is neither.
  void extend(const float* x, const float* before, int64_t count, int64_t length, float* y) const;

 private:
  Parameter mix_;
};

}  // namespace mlrun
