// Training, one step at a time, in lanes.
//
// A run that is stopped at any step and resumed gives the same bits as one that never stopped: order, noise and
// schedule are functions of the step, and everything else is in the checkpoint.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "evaluate/evaluate.hpp"
#include "experiment/built_model.hpp"
#include "experiment/checkpoint.hpp"
#include "experiment/preview.hpp"
#include "optim/lane_turns.hpp"
#include "optim/reducer.hpp"
#include "runs/metrics.hpp"

namespace mlrun {

class Trainer {
 public:
  // Builds everything; nothing is computed or written yet.
  Trainer(const Experiment& experiment, const Dataset& data, int threads, Reducer& reducer = in_process_reducer());

  const Experiment& experiment() const { return experiment_; }
  const Dataset& data() const { return data_; }
  const BuiltModel& built() const { return built_; }
  Updater& updater() { return *updater_; }
  Reducer& reducer() const { return reducer_; }
  TrainingLength length() const { return length_; }
  TrainState& state() { return state_; }
  const Schedule& schedule() const { return *schedule_; }
  double lr() const { return updater_->lr(); }  // what the schedule's factor is of
  CheckpointIdentity identity() const;

  // The weights that a run of this spec begins with: fresh ones, or those of its origin. Error as open_origin and
  // require_weights_fit where that cannot be.
  void initialise();
  void restore(const Checkpoint& checkpoint);  // weights, optimizer and counters
  void set_history(History history) { history_ = std::move(history); }
  // What the first rank begins with, or goes on from, becomes what all do.
  void share_beginning();

  struct StepResult {
    double loss = 0, nll = 0;  // means over the batch, nats per example; equal where Model::loss_is_nll
    int64_t count = 0;         // examples of the batch
    double lr = 0, gradient_norm = 0;
  };
  // One training step. NaN or Inf: Error(kDiverged) naming step and tensor, with the weights as they were. Of a model that
  // is fitted at once (Model::Facts) the only one: a pass over the valid split, of which the result is, and
  // Error(kInterrupted) when `interrupted` says so on the way.
  StepResult step(const std::function<int()>& interrupted = nullptr);

  // The NLL of the valid split, shared out to the ranks. Error(kInterrupted) when `interrupted` says so on the way, on
  // any of them.
  Evaluation evaluate_valid(const std::function<int()>& interrupted);
  // The same of a fixed sample of the training split (eval.train), by the same law: what is better here than there is
  // learned by heart. Nothing where none is asked for.
  std::optional<Evaluation> evaluate_train(const std::function<int()>& interrupted);
  // As many as eval.samples says.
  Preview preview();
  // What a training does beside its steps, for the memory it takes: an evaluation of a batch for each thread, a preview,
  // and the image of a checkpoint, which is written nowhere.
  void rehearse();
  // While it lives, the moving average (where there is one) stands in for the weights and the states like them. Of
  // several ranks, all call Updater::share_average before.
  class AveragedWeights {
   public:
    explicit AveragedWeights(Trainer& trainer);
    ~AveragedWeights();
    AveragedWeights(const AveragedWeights&) = delete;
    AveragedWeights& operator=(const AveragedWeights&) = delete;

   private:
    void put(Tensor place, const Tensor& average);
    std::vector<std::pair<Tensor, Tensor>> trained_;  // places, and what was there
  };

 private:
  StepResult fit(const std::function<int()>& interrupted);
  // A step's batch: the examples at `begin` of the epoch's order, and their noise.
  struct StepBatch {
    int64_t epoch = 0, begin = 0, count = 0;
    RandomStream noise;
  };
  // The gradients of one lane of this rank, and its sums.
  LaneSums compute_lane(int64_t lane, const StepBatch& batch, Tensor& gradients);
  void count_step(const StepResult& result);
  EvaluateOptions valid_options(const std::function<int()>& interrupted) const;

  Experiment experiment_;
  const Dataset& data_;
  TrainingLength length_;
  BuiltModel built_;
  std::unique_ptr<Schedule> schedule_;
  std::unique_ptr<Updater> updater_;
  std::vector<Tensor> gradients_;       // arenas, as many as lane_turns_ holds at a time
  std::vector<Statistics> statistics_;  // one set for each lane of this rank
  LanePool pool_;
  Reducer& reducer_;
  Range own_lanes_;  // of experiment_.lanes(); none of a model that is fitted at once
  LaneTurns lane_turns_;
  TrainState state_;
  History history_;
  std::vector<int64_t> epoch_order_;
  int64_t ordered_epoch_ = -1;
};

}  // namespace mlrun
