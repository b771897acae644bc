#include "commands/eval/eval_constraint.hpp"

#include "base/lanes.hpp"
#include "base/stopwatch.hpp"
#include "experiment/trained_model.hpp"
#include "runs/find_run.hpp"

namespace mlrun {

ConstraintOutcome evaluate_constraint(const ConstraintRequest& request) {
  ConstraintOutcome outcome;
  outcome.checkpoint = find_checkpoint(request.selector, request.which);
  const TrainedModel trained = load_trained_model(outcome.checkpoint);
  const AutoregressiveModel& model = trained.autoregressive();
  outcome.step = trained.state.step;
  outcome.length = request.length > 0 ? request.length : model.data().positions();
  const auto constraint = constraint_of(request.source, trained, outcome.length);
  const Sampler sampler(model, *trained.built.parameters);
  LanePool pool(threads_for(kMostLanes, request.threads));
  const Stopwatch watch;
  SampleOptions options;
  options.count = request.samples;
  options.seed = request.seed;
  options.length = request.length;
  options.constraint = constraint.get();
  options.law.constraint = ConstraintLaw::kLocal;
  outcome.probability = probability_of(sampler.draw_labelled(options, pool).log_allowed);
  outcome.seconds = watch.seconds();
  return outcome;
}

}  // namespace mlrun
