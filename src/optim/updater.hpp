// The end of a training step: lanes folded, norm checked and clipped, weights updated, average kept. Two passes over
// memory, with matrix work between them where the rule preconditions.
//
// The norm is known, and finite, before anything is written: a NaN never enters the weights or the moments.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/lanes.hpp"
#include "nn/parameters.hpp"
#include "optim/optimizer.hpp"
#include "optim/reducer.hpp"

namespace mlrun {

struct UpdateOptions {
  double clip_norm = 0;  // 0: no clipping
  double average_decay =
      0;  // EMA of the weights: average = d average + (1 - d) weights, d at most (1 + step) / (10 + step); 0: none
};

// The moving average of what a model computes with.
struct MovingAverage {
  Tensor weights;              // of the parameters' layout
  std::vector<Tensor> states;  // one for each of ParameterArena::states(); undefined for bookkeeping
};

class Updater {
 public:
  Updater(ParameterArena& parameters, std::unique_ptr<Optimizer> optimizer, const UpdateOptions& options);

  struct Outcome {
    double gradient_norm = 0;  // L2, before clipping
    bool finite = true;        // false: nothing was written
  };
  // lanes[l]: the gradient arena of lane l of this process; lane 0's is overwritten with the sum over all lanes of the
  // run, which the reducer finds. `step` counts from 0.
  Outcome apply(std::vector<Tensor>& lanes, int64_t step, double lr_factor, LanePool& pool,
                Reducer& reducer = in_process_reducer());
  // The average begins as what the parameters and states are now.
  void begin_average();
  // The average of the states, after the model has changed them in that step.
  void average_states(int64_t step);
  // Which parameter's gradient is not finite, after an Outcome that was not ("" when none is).
  std::string not_finite(const Tensor& gradients) const;

  double lr() const { return optimizer_->lr(); }
  // State, for checkpoints: arenas of the parameters' layout by name ("m", "v").
  std::vector<std::pair<std::string, Tensor>>& slots() { return slots_; }
  Optimizer::Matrices& matrices() { return matrices_; }
  MovingAverage* average() { return average_ ? &*average_ : nullptr; }  // null when there is none

 private:
  double average_decay(int64_t step) const;
  void precondition(const UpdateStep& step, const Tensor& gradients, LanePool& pool);
  struct Piece {  // of work: some of the runs, all of one parameter
    bool decay;
    double lr;  // of its own; 0: the optimizer's
  };
  ParameterArena& parameters_;
  std::unique_ptr<Optimizer> optimizer_;
  UpdateOptions options_;
  std::vector<Range> runs_;        // of the arena: what is trained
  std::vector<Range> piece_runs_;  // of each piece: its runs, as indices
  std::vector<Piece> pieces_;
  std::vector<std::pair<std::string, Tensor>> slots_;
  Optimizer::Matrices matrices_;
  std::optional<MovingAverage> average_;
};

}  // namespace mlrun
