// Ancestral sampling through the step view, or by iteration on the parallel view (generate/jacobi.hpp).
//
// One uniform per (seed, image, step) decides each symbol, so every correct sampler of a model draws the same images,
// whatever its caches, batches and threads. A further one decides the class that an image is of.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "base/lanes.hpp"
#include "constraints/constraint.hpp"
#include "generate/draw.hpp"
#include "generate/speculative.hpp"
#include "models/model.hpp"
#include "ranks/ranks.hpp"

namespace mlrun {

enum class SampleMethod : uint8_t {
  kAuto,        // predictive where the model can be drawn so and has no step view of its own, else sequential
  kSequential,  // one step after the other
  kPredictive,  // all at once, until nothing changes: of models whose views_share_bits(), or the images would differ
};

struct SampleOptions {
  int64_t count = 1;
  uint64_t seed = 1;
  DrawLaw law = {};
  int64_t first = 0;   // number of the first image: images first .. first + count - 1 of the seed's sequence
  int64_t batch = 64;  // images that one stepper carries, or fewer where the model works better so
  // Of a conditional model: the class of each sample, or one for all. Empty: each of a class drawn from p(y).
  std::vector<int32_t> labels = {};
  SampleMethod method = SampleMethod::kAuto;  // the images are the same
  // The symbols of the first k positions, which are known and not drawn: s32 [count, k], or [1, k] for all. Undefined:
  // none. The model must visit them first. Component and class of a sample are then drawn given them.
  Tensor prefix = {};
  // Symbols of a sample; 0: as many as the data's. Beyond that only for models of any_length(), or with law.sliding.
  int64_t length = 0;
  // What proposes symbols, for the model to look at several of them at once (generate/speculative.hpp); other samples of
  // the same law, where there are more than two symbols. Without a model: nothing does.
  Draft draft = {};
  // What the symbols behind the prefix must be, by the local law (generate/constrained.hpp). Null: anything.
  const constraints::Constraint* constraint = nullptr;
  // A sample ends with the first occurrence of these symbols after its prefix. Empty: only with its length.
  std::vector<int32_t> stop = {};
  // Called with each symbol of each sample (from 0 on) in their order, as soon as it is known, on the thread that draws:
  // for one sample, of whom somebody reads along. Null: nobody does. Not for predictive sampling.
  std::function<void(int64_t sample, int32_t symbol)> drawn = nullptr;
  // Each draws a part of the samples, and all have all of them in the end, the same as one draws. Each must be given the
  // same options. Not where somebody reads along.
  Ranks& ranks = one_rank();
};

// Holds the model's step views, which are made once; the model and its parameters must outlive it unchanged.
class Sampler {
 public:
  Sampler(const AutoregressiveModel& model, const ParameterArena& parameters);
  struct Labelled {
    Tensor symbols;               // in the data's order, s32 [count, length]
    std::vector<int32_t> labels;  // the classes of a conditional model, [count]; of another: empty
    // Where options.stop or a constraint may end samples: of how many symbols each is; those behind are -1. Else empty.
    std::vector<int64_t> lengths;
    std::vector<double> log_allowed;  // under a constraint, of each: ConstrainedWalk::log_allowed
    SpeculationCounts speculation;    // where there was a draft
  };
  // Error(kUsage) for a prefix, a length or a method that this model cannot do.
  Labelled draw_labelled(const SampleOptions& options, LanePool& pool) const;
  Tensor draw(const SampleOptions& options, LanePool& pool) const { return draw_labelled(options, pool).symbols; }

 private:
  struct Latents {
    std::vector<int64_t> components;  // [count]
    std::vector<int32_t> labels;      // [count], or none
  };
  Latents latents(const SampleOptions& options) const;
  Latents latents_given_prefix(const SampleOptions& options) const;
  std::vector<double> log_likelihoods_of_prefix(const SampleOptions& options, int64_t component, int32_t label) const;
  void require_possible(const SampleOptions& options) const;
  Labelled draw_alone(const SampleOptions& options, LanePool& pool) const;
  Labelled draw_together(const SampleOptions& options, LanePool& pool) const;
  Labelled unfilled(const SampleOptions& options) const;
  struct Piece;
  std::unique_ptr<Stepper> begin(const SampleOptions& options, int64_t component, int64_t count,
                                 const int32_t* labels) const;
  void draw_by_steps(const SampleOptions& options, const Piece& piece, Labelled& to) const;
  void draw_predictively(const SampleOptions& options, const Piece& piece, Labelled& to) const;
  void draw_by_draft(const SampleOptions& options, Piece& piece, Labelled& to) const;

  const AutoregressiveModel& model_;
  const ParameterArena& parameters_;
  std::vector<double> log_weights_;               // by component: AutoregressiveModel::log_weights
  std::vector<std::unique_ptr<StepView>> views_;  // likewise
  std::vector<double> class_prior_;               // p(y); empty: the model is not conditional
};

}  // namespace mlrun
