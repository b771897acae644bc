// The rest of an image given a part of it: drawn from, and judged by, the model's own conditional law.
//
// Exact, because it runs in orders that begin with the known part (completion_orders):
//   p(unknown | known) = sum_c p(c | known) p_c(unknown | known),   p(c | known) ~ p(c) p_c(known),
// over the components c of a mixture and, of a conditional model whose label is not given, over the classes as well.
// With one order that is the plain product of the later factors.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/lanes.hpp"
#include "generate/draw.hpp"
#include "generate/region.hpp"
#include "models/model.hpp"
#include "ranks/ranks.hpp"

namespace mlrun {

struct CompletionOptions {
  int64_t per_image = 4;
  uint64_t seed = 1;
  DrawLaw law = {};           // of the unknown symbols
  int64_t batch = 64;         // images that one stepper carries
  Ranks& ranks = one_rank();  // each draws a part of the completions, and all have all of them in the end
};

// Of every image of a batch, in nats.
struct RegionNll {
  std::vector<double> unlabelled;  // -log p(unknown | known)
  std::vector<double> labelled;    // -log p(unknown | known, y), y its label; empty without classes or labels
};

// Holds the model's step views; the model and its parameters must outlive it unchanged.
class Completer {
 public:
  // Error(kUsage): see completion_orders.
  Completer(const AutoregressiveModel& model, const ParameterArena& parameters, const Region& region);

  const std::vector<std::vector<int64_t>>& orders() const { return orders_; }  // by component

  // Completions in the data's order, s32 [n * per_image, positions], those of one image together. Only the known
  // symbols of `images` (s32 [n, positions]) are looked at. numbers [n]: what each image is called; completion k of an
  // image depends on the seed, its number and k alone. labels [n] of a conditional model; or empty: each completion's
  // class is drawn from p(y | known).
  Tensor draw(const Tensor& images, const std::vector<int64_t>& numbers, const std::vector<int32_t>& labels,
              const CompletionOptions& options, LanePool& pool) const;

  // One pass for each component and, of a conditional model, for each class.
  RegionNll nll(const Batch& batch) const;

 private:
  struct LogLikelihood {
    double known = 0, all = 0;  // log p of the known symbols; of all of them (draw: of the known ones again)
  };
  std::vector<LogLikelihood> log_likelihoods(const Tensor& symbols, const std::vector<int32_t>& labels,
                                             int64_t component, int64_t steps) const;
  // log p(c, y) + log p_c(known | y), or log p_c(known | y) at the given labels: [latents][n], latent = component *
  // classes + class.
  std::vector<std::vector<double>> log_weights(const Tensor& images, const std::vector<int32_t>& labels, LanePool& pool,
                                               Ranks& ranks) const;

  const AutoregressiveModel& model_;
  const ParameterArena& parameters_;
  std::vector<uint8_t> known_;
  int64_t known_count_;
  std::vector<std::vector<int64_t>> orders_;
  std::vector<std::unique_ptr<StepView>> views_;  // by component
  std::vector<double> log_weights_;               // likewise: AutoregressiveModel::log_weights
  std::vector<double> log_class_prior_;           // of a conditional model; else one 0
};

}  // namespace mlrun
