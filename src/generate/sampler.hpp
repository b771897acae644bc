// Ancestral sampling through the step view.
//
// One uniform per (seed, image, step) decides each symbol, so every correct sampler of a model draws the same images,
// whatever its caches, batches and threads.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/lanes.hpp"
#include "models/model.hpp"

namespace mlrun {

struct SampleOptions {
  int64_t count = 1;
  uint64_t seed = 1;
  double temperature = 1;  // of the logits; 1: the model's own law
  int64_t first = 0;       // number of the first image: images first .. first + count - 1 of the seed's sequence
  int64_t batch = 64;      // images that one stepper carries
};

// Holds the model's step views, which are made once; the model and its parameters must outlive it unchanged.
class Sampler {
 public:
  Sampler(const AutoregressiveModel& model, const ParameterArena& parameters);
  // Symbols in the data's order, s32 [count, positions].
  Tensor draw(const SampleOptions& options, LanePool& pool) const;

 private:
  const AutoregressiveModel& model_;
  std::vector<std::unique_ptr<StepView>> views_;  // by component
};

}  // namespace mlrun
