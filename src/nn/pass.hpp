// One run of a model over a slice of a batch, in one lane: the tape, the parameters as variables, the noise.
#pragma once

#include <functional>
#include <vector>

#include "autograd/tape.hpp"
#include "base/random.hpp"
#include "nn/parameters.hpp"

namespace mlrun {

struct PassOptions {
  bool accumulate = false;           // gradients are added to those of earlier passes of the same step
  Statistics* statistics = nullptr;  // this lane's; null where nobody asks for them
  bool recompute = false;            // Pass::block forgets what a block computed on its way
};

class Pass {
 public:
  // A part of a model that has one input and one result.
  using Block = std::function<Variable(Pass& pass, const Variable& x)>;

  // Without gradients: evaluation and sampling. Parameters are constants, nothing is recorded.
  // With `statistics` they are gathered as in training.
  explicit Pass(const ParameterArena& parameters, Statistics* statistics = nullptr);
  // Training: gradients are left in `gradients`, an arena of the parameters' layout that was zero when it was made.
  // `noise` is this pass's stream.
  Pass(const ParameterArena& parameters, Tensor gradients, int64_t step, RandomStream noise,
       const PassOptions& options = {});

  const ParameterArena& parameters() const { return *parameters_; }

  bool training() const { return gradients_.defined(); }
  int64_t step() const { return step_; }  // of training; 0 in evaluation
  Variable operator()(const Parameter& parameter);
  // To be added to; null where nobody asks.
  Tensor* statistic(const Statistic& statistic) {
    return options_.statistics ? &(*options_.statistics)[statistic.index()] : nullptr;
  }
  RandomStream next_noise() { return noise_.at(noise_uses_++); }  // a new independent stream at every call
  void backward(const Variable& loss, float seed);
  // A part of the network has a loss of its own beside what the model predicts (one number). The model adds them all to its
  // loss: with_added(loss) is `loss` and everything that was added since the pass began.
  void add_loss(const Variable& loss) { added_.push_back(loss); }
  Variable with_added(const Variable& loss) const;
  // block(*this, x). With PassOptions::recompute only x is kept of it, and the gradient computes the block again (Chen et
  // al. 2016, "Training Deep Nets with Sublinear Memory Cost"), from the same noise and to the same bits. The block is
  // called later, and must hold what it needs; statistics are taken the first time alone, and losses that it adds are added
  // once.
  Variable block(const Variable& x, const Block& block);

 private:
  // Another run of a block of `of`, with the noise from its use `noise_uses` on. Without gradients parameters are
  // constants, and nothing is recorded; with them, they are leaves of a tape of its own.
  Pass(const Pass& of, uint64_t noise_uses, bool records);
  Variable parameter(size_t index);
  const ParameterArena* parameters_;
  Tensor gradients_;
  int64_t step_ = 0;
  PassOptions options_;
  bool records_ = false;
  // Where leaves leave their gradients, of a block that is computed again; of others in the arena.
  std::vector<Destination> destinations_;
  RandomStream noise_;
  uint64_t noise_uses_ = 0;
  Tape tape_;
  std::vector<Variable> variables_;
  std::vector<Variable> added_;  // losses
};

}  // namespace mlrun
