// The likelihood of images under a model of two stages, bounded: a VQ-VAE and a prior over its codes.
//
// p(x) = sum_z p(z) p(x|z) over all code maps z, so the sum over any set of distinct maps is a lower bound of it, and
// that over the one map of the encoder the simplest.
#pragma once

#include <vector>

#include "run/codes_dataset.hpp"
#include "run/evaluate.hpp"

namespace mlrun {

struct Bounds {                        // of every example, in nats
  std::vector<double> reconstruction;  // -log p(x|z), z = encode(x)
  std::vector<double> prior;           // -log p(z)
  std::vector<double> total;           // -log of the sum of p(z) p(x|z) over the maps
};

// Of images s32 [n, positions] and their codes. `prior` is a model of the codes (if conditional, labels are summed
// out).
Bounds bounds_of(const TrainedModel& stage_one, const Model& prior, const ParameterArena& prior_parameters,
                 const Tensor& symbols, const Tensor& codes, int64_t maps);

// Of a split.
Bounds bounds_of(const TrainedModel& prior, const CodesDataset& data, Split split, const EvaluateOptions& options,
                 int64_t maps, LanePool& pool);

}  // namespace mlrun
