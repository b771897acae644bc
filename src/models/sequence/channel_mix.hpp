// RWKV's MLP, which sees the position before too.
#pragma once

#include "models/sequence/mlp.hpp"
#include "nn/linear.hpp"
#include "nn/token_shift.hpp"

namespace mlrun {

class ChannelMix : public Mlp {
 public:
  ChannelMix(int64_t width, int64_t hidden, const Scope& scope);
  Variable operator()(Pass& pass, const Variable& x) const override;
  std::unique_ptr<MlpSteps> steps() const override;
  Layout layout() const override;

 private:
  class Steps;
  class Stepper;
  int64_t width_, hidden_;
  Linear up_, down_, receptance_;
  TokenShift up_shift_, receptance_shift_;
};

}  // namespace mlrun
