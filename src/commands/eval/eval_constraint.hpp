// `mlrun eval --match` and the like: how likely a model's samples are to be something.
#pragma once

#include <cstdint>
#include <string>

#include "commands/sample/constraint.hpp"
#include "generate/constrained.hpp"
#include "ranks/ranks.hpp"

namespace mlrun {

struct ConstraintRequest {
  std::string selector, which = "best";
  ConstraintSource source;
  int64_t samples = 1000;  // that the probability is the mean of
  int64_t length = 0;      // symbols of a sample; 0: as the data's
  uint64_t seed = 1;
  int threads = 0;          // 0: as many as there are
  bool mixed_cpus = false;  // ranks may run on different kinds of CPU
};

struct ConstraintOutcome {
  std::string checkpoint;
  int64_t step = 0, length = 0;
  ConstraintProbability probability;
  double seconds = 0;
};

// The mean, over samples of the local law, of the probability that the model gave to what was allowed, step by step:
// unbiased. Error(kUsage) as constraint_of.
// Of several ranks, each draws a part of the samples.
ConstraintOutcome evaluate_constraint(const ConstraintRequest& request, Ranks& ranks = one_rank());

}  // namespace mlrun
