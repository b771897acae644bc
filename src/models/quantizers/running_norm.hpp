// Rows with mean 0 and variance 1 in each dimension, by a running mean and variance that no gradient sees.
//
// Quantisers whose codes have fixed places (fsq, lfq) need it: in the first steps all rows move the same way, by what
// they have in common, and would end in one code whose gradient is gone. y = (z - m) / s, dz = dy / s; after every
// step, with d the mean of z - m over the batch and v that of (z - m)^2, m += (1 - g) d and s^2 = g s^2 + (1 - g) v,
// where g = 0.99, and at most (1 + t) / (10 + t) at step t. m and s are those of the first batch to begin with.
#pragma once

#include "nn/pass.hpp"

namespace mlrun {

class RunningNorm {
 public:
  RunningNorm(const Scope& scope, int64_t dimension);
  Variable operator()(Pass& pass, const Variable& z) const;  // z [rows, d]; in training it is counted
  void initialise_from(const Tensor& z);
  void after_step(const std::vector<Statistics>& lanes);

 private:
  int64_t d_;
  Tensor mean_, variance_, steps_;  // [d], [d], [1]
  Statistic count_, sums_, squares_;
};

}  // namespace mlrun
