#include "commands/eval/eval_constraint.hpp"

#include "base/lanes.hpp"
#include "base/stopwatch.hpp"
#include "experiment/same_on_all_ranks.hpp"
#include "experiment/trained_model.hpp"

namespace mlrun {

ConstraintOutcome evaluate_constraint(const ConstraintRequest& request, Ranks& ranks) {
  ConstraintOutcome outcome;
  const TrainedModel trained =
      load_on_all_ranks(ranks, request.selector, request.which, request.source.files(), request.mixed_cpus);
  require_share_for_each(ranks, request.samples, "sample");
  outcome.checkpoint = trained.path;
  const AutoregressiveModel& model = trained.autoregressive();
  outcome.step = trained.state.step;
  outcome.length = request.length > 0 ? request.length : model.data().positions();
  const auto constraint = constraint_of(request.source, trained, outcome.length);
  const Sampler sampler(model, *trained.built.parameters);
  LanePool pool(threads_of_rank(ranks, kMostLanes, request.threads));
  const Stopwatch watch;
  const SampleOptions options = {.count = request.samples,
                                 .seed = request.seed,
                                 .law = {.constraint = ConstraintLaw::kLocal},
                                 .length = request.length,
                                 .constraint = constraint.get(),
                                 .ranks = ranks};
  outcome.probability = probability_of(sampler.draw_labelled(options, pool).log_allowed);
  outcome.seconds = watch.seconds();
  return outcome;
}

}  // namespace mlrun
