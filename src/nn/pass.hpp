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
  // added to those of earlier passes of the same step. `noise` is this pass's stream. `statistics` are this lane's, or
  // null where nobody asks for them.
  Pass(const ParameterArena& parameters, Tensor gradients, int64_t step, RandomStream noise, bool accumulate = false,
       Statistics* statistics = nullptr);

  const ParameterArena& parameters() const { return *parameters_; }

  bool training() const { return gradients_.defined(); }
  int64_t step() const { return step_; }  // of training; 0 in evaluation
  Variable operator()(const Parameter& parameter);
  // To be added to; null in evaluation, and where nobody asks.
  Tensor* statistic(const Statistic& statistic) { return statistics_ ? &(*statistics_)[statistic.index()] : nullptr; }
  RandomStream next_noise() { return noise_.at(noise_uses_++); }  // a new independent stream at every call
  void backward(const Variable& loss, float seed);

 private:
  const ParameterArena* parameters_;
  Tensor gradients_;
  int64_t step_ = 0;
  bool accumulate_ = false;
  Statistics* statistics_ = nullptr;
  RandomStream noise_;
  uint64_t noise_uses_ = 0;
  Tape tape_;
  std::vector<Variable> variables_;
};

}  // namespace mlrun
