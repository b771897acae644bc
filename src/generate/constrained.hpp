// Samples that must be something (constraints/constraint.hpp), by two laws. With m_t the probability that the model gives,
// at step t of a sample, to all that the constraint allows there:
//
//   local  every step is drawn from the model renormalised over what is allowed. A sample x has the probability
//          p(x) / prod_t m_t(x): what the model would rarely have begun is too likely.
//   exact  p given the constraint, by rejection: a local sample stays with probability prod_t m_t. So many stay as the
//          model gives probability to the constraint, E prod_t m_t over local samples.
#pragma once

#include <cstdint>
#include <vector>

#include "base/lanes.hpp"
#include "constraints/constraint.hpp"
#include "generate/sampler.hpp"

namespace mlrun {

// A sample that is under way.
class ConstrainedWalk {
 public:
  ConstrainedWalk(const constraints::Constraint& constraint, int64_t room, int64_t alphabet);
  // The symbol that the uniform u picks among what is allowed, or -1: the sample ends here.
  int32_t draw(const float* logits, double u, const DrawLaw& law);
  bool finished() const { return finished_; }          // complete, and nothing can follow
  double log_allowed() const { return log_allowed_; }  // sum of log m_t, under the law, nats

 private:
  void look_ahead();
  const constraints::Constraint* constraint_;
  int64_t left_, alphabet_;
  constraints::Constraint::State state_;
  std::vector<constraints::Next> next_;
  bool finished_ = false;
  double log_allowed_ = 0;
};

// A mean over independent draws, and its standard error.
struct ConstraintProbability {
  double mean = 0, error = 0;
  int64_t draws = 0;
};
ConstraintProbability probability_of(const std::vector<double>& log_allowed);

struct ExactDraw {
  Sampler::Labelled samples;
  int64_t attempts = 0;  // of which samples.symbols.dim(0) stayed
};
// options.count samples of the exact law of options.constraint. Attempt k is the local sample of number k, so that
// nothing depends on threads or batches. Error(kUsage), with the figure, where one in more than 10,000 would stay.
ExactDraw draw_exactly(const Sampler& sampler, const SampleOptions& options, LanePool& pool);

}  // namespace mlrun
