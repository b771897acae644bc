// Everything a training run remembers besides weights and optimizer: a few numbers. Random streams have no state: they
// are functions of seed and step. Wall-clock time is not here, so that equal runs have equal checkpoints.
#pragma once

#include <cstdint>
#include <limits>

namespace mlrun {

// A mean being gathered over steps.
struct RunningMean {
  double sum = 0;
  int64_t count = 0;
  void add(double value, int64_t weight) {
    sum += value;
    count += weight;
  }
  double mean() const { return count ? sum / static_cast<double>(count) : std::numeric_limits<double>::quiet_NaN(); }
};

struct TrainState {
  int64_t step = 0;                                       // steps done
  int64_t evaluated_step = 0;                             // step of the last evaluation (0: none yet)
  int64_t logged_step = 0;                                // step of the last row of train metrics
  double best = std::numeric_limits<double>::infinity();  // least so far: nats, or by eval.best the share that is wrong
  int64_t best_step = 0;                                  // of the run's result by eval.best; 0: none
  int64_t evaluations_since_best = 0;
  RunningMean log_loss, log_nll, log_norm;  // since the last row of train metrics
  RunningMean evaluation_nll;               // of train, since the last evaluation
};

}  // namespace mlrun
