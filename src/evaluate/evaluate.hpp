// The likelihood of a split: exact where the model gives it, in lanes, the same for any number of threads.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "base/lanes.hpp"
#include "data/dataset.hpp"
#include "models/model.hpp"
#include "ranks/ranks.hpp"
#include "runs/metrics.hpp"

namespace mlrun {

struct EvaluateOptions {
  int64_t batch_size = 100;
  std::optional<int64_t> limit;       // only the first examples
  std::function<bool()> interrupted;  // checked between batches; true ends it with Error(kInterrupted)
  Ranks& ranks = one_rank();          // that share the batches; each must be given the same options
};

// Every batch of the split, in lanes: work(numbers of its examples, batch). Each rank works through a contiguous share of
// the batches. Error(kData) where there is none, Error(kInterrupted) as the options say on any of the ranks.
void for_batches(const Dataset& data, Split split, const EvaluateOptions& options, LanePool& pool,
                 const std::function<void(std::span<const int64_t> rows, const Batch&)>& work);

// A figure of every example of the split, which each rank has found for the batches that were its own: afterwards all have
// all of them. Nothing is done to an empty one.
void share_figures(const Dataset& data, Split split, const EvaluateOptions& options, std::vector<double>& figures);

// What one of Model::predictions() is, and bits are counted by: "label", "char" of a text, else "dim".
const char* dimension_of(const Model& model, const Dataset& data);

// By the model's own nll, one pass per example: of a conditional model it is -log p(x|y) or -log p(x, y).
Evaluation evaluate(const Model& model, const ParameterArena& parameters, const Dataset& data, Split split,
                    const EvaluateOptions& options, LanePool& pool);

// Likelihoods (models/scores.hpp) of every example of a split, in the order of the split, nats.
struct SplitLikelihoods {
  std::vector<double> x, xy, x_given_y, correct;
  std::optional<CodeUse> codes;      // of a VQ-VAE: how the split uses them
  std::optional<ExpertUse> experts;  // expert_use below
};

// Of a mixture of experts: which of them a sample of the split is sent to, the first batch of every ten. Of several ranks, the
// first one looks, and all know.
std::optional<ExpertUse> expert_use(const Model& model, const ParameterArena& parameters, const Dataset& data,
                                    Split split, const EvaluateOptions& options, LanePool& pool);

// A conditional model takes a pass for every class. Error(kData) where the data has more classes than the model.
SplitLikelihoods split_likelihoods(const Model& model, const ParameterArena& parameters, const Dataset& data,
                                   Split split, const EvaluateOptions& options, LanePool& pool);

// Mean, standard error and bits/dim of per-example nats.
Evaluation summarise(std::vector<double> per_example, int64_t dimensions);

}  // namespace mlrun
