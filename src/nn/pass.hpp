// One run of a model over a slice of a batch, in one lane: the tape, the parameters as variables, the noise.
#pragma once

#include <vector>

#include "autograd/tape.hpp"
#include "base/random.hpp"
#include "nn/parameters.hpp"

namespace mlrun {

class Pass {
 public:
  // Without gradients: evaluation and sampling. Parameters are constants, nothing is recorded.
  explicit Pass(const ParameterArena& parameters);
  // Training: gradients are left in `gradients`, an arena of the parameters' layout that was zero when it was made; or
  // added to those of earlier passes of the same step. `noise` is this pass's stream.
  Pass(const ParameterArena& parameters, Tensor gradients, int64_t step, RandomStream noise, bool accumulate = false);

  bool training() const { return gradients_.defined(); }
  int64_t step() const { return step_; }  // of training; 0 in evaluation
  Variable operator()(const Parameter& parameter);
  RandomStream next_noise() { return noise_.at(noise_uses_++); }  // a new independent stream at every call
  void backward(const Variable& loss, float seed);

 private:
  const ParameterArena* parameters_;
  Tensor gradients_;
  int64_t step_ = 0;
  bool accumulate_ = false;
  RandomStream noise_;
  uint64_t noise_uses_ = 0;
  Tape tape_;
  std::vector<Variable> variables_;
};

}  // namespace mlrun
