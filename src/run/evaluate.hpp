// The likelihood of a split: exact where the model gives it, in lanes, the same for any number of threads.
#pragma once

#include <functional>
#include <optional>

#include "base/lanes.hpp"
#include "data/dataset.hpp"
#include "models/model.hpp"
#include "run/metrics.hpp"

namespace mlrun {

struct EvaluateOptions {
  int64_t batch_size = 100;
  std::optional<int64_t> limit;       // only the first examples
  std::function<bool()> interrupted;  // checked between batches; true ends it with Error(kInterrupted)
};

Evaluation evaluate(const Model& model, const ParameterArena& parameters, const Dataset& data, Split split,
                    const EvaluateOptions& options, LanePool& pool);

// Mean, standard error and bits/dim of per-example nats.
Evaluation summarise(std::vector<double> per_example, int64_t dimensions);

}  // namespace mlrun
