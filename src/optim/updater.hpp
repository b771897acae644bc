// The end of a training step: lanes folded, norm checked and clipped, weights updated, average kept. Two passes over
// memory, with matrix work between them where the rule preconditions.
//
// The norm is known, and finite, before anything is written: a NaN never enters the weights or the moments.
//
// Of several ranks each updates its own share of the arena, keeps what the optimizer and the average know of it, and
// passes the new weights to the others (ZeRO stage 1: Rajbhandari et al. 2020). The first rank collects the shares of all
// when a checkpoint is due, and forgets them again when it is made.
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
  Updater(ParameterArena& parameters, std::unique_ptr<Optimizer> optimizer, const UpdateOptions& options,
          Ranks& ranks = one_rank());

  struct Outcome {
    double gradient_norm = 0;  // L2, before clipping
    bool finite = true;        // false: nothing was written
  };
  // lanes[l]: the gradient arena of lane l of this process, or what Reducer::fold says of blocks that are folded already;
  // lane 0's is overwritten with the sum over all lanes of the run, in this rank's share, which the reducer finds. `step`
  // counts from 0.
  Outcome apply(const std::vector<Tensor>& lanes, int64_t step, double lr_factor, LanePool& pool,
                Reducer& reducer = in_process_reducer());
  // arenas[first] becomes the sum of `count` arenas from there on, by the tree of base/lanes.hpp.
  void fold_block(std::vector<Tensor>& arenas, size_t first, size_t count, LanePool& pool) const;
  // The average begins as what the parameters and states are now.
  void begin_average();
  // The average of the states, after the model has changed them in that step.
  void average_states(int64_t step);
  // Which parameter's gradient is not finite, after an Outcome that was not ("" when none is). All ranks ask.
  std::string not_finite(const Tensor& gradients) const;

  // What the other ranks know, which all of them call: the average, for all; the optimizer's state and the average, for
  // the first rank; and what it then has beside its own share is forgotten (the average is not: all evaluate with it).
  void share_average();
  void collect_state();
  void forget_other_shares();
  // The first rank's weights, states, average and optimizer's state become those of all.
  void share_beginning();

  double lr() const { return optimizer_->lr(); }
  // State, for checkpoints: arenas of the parameters' layout by name ("m", "v").
  std::vector<std::pair<std::string, Tensor>>& slots() { return slots_; }
  Optimizer::Matrices& matrices() { return matrices_; }
  MovingAverage* average() { return average_ ? &*average_ : nullptr; }  // null when there is none

 private:
  double average_decay(int64_t step) const;
  void precondition(const UpdateStep& step, const Tensor& gradients, LanePool& pool);
  void share_out();
  int owner_of(size_t parameter) const;
  Range own_share() const { return shares_[static_cast<size_t>(ranks_.rank())]; }
  struct Piece {  // of work: some of the runs, all of one parameter
    bool decay;
    double lr;  // of its own; 0: the optimizer's
    size_t parameter;
  };
  ParameterArena& parameters_;
  std::unique_ptr<Optimizer> optimizer_;
  UpdateOptions options_;
  Ranks& ranks_;
  std::vector<Range> runs_;        // of the arena: what is trained
  std::vector<Range> piece_runs_;  // of each piece: its runs, as indices
  std::vector<Piece> pieces_;
  std::vector<Range> shares_;   // of each rank: its pieces
  std::vector<Range> numbers_;  // of each rank: what these are of the arena
  std::vector<std::pair<std::string, Tensor>> slots_;
  Optimizer::Matrices matrices_;
  std::optional<MovingAverage> average_;
};

}  // namespace mlrun
