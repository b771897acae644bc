// `mlrun eval` of a prior over the codes of a VQ-VAE.

#include "base/error.hpp"
#include "base/lanes.hpp"
#include "base/stopwatch.hpp"
#include "commands/eval/eval_draws.hpp"
#include "evaluate/bound.hpp"

namespace mlrun {
namespace {

EvaluateOptions options_of(const EvalRequest& request, const Experiment& experiment) {
  return {.batch_size = experiment.spec().eval.batch_size, .limit = {}, .interrupted = {}, .ranks = request.ranks};
}

}  // namespace

void evaluate_bound(const EvalRequest& request, const Experiment& experiment, const TrainedModel& trained,
                    const CodesDataset& data, EvalOutcome& outcome) {
  const Stopwatch watch;
  LanePool pool(threads_of(request));
  Bounds sums;
  const auto redraw = [&](const DataSources& sources) {
    return std::make_unique<CodesDataset>(data.stage_one(), sources);
  };
  for_draws(request, data, redraw, trained.identity.seed, [&](const Dataset& drawn) {
    // The images' own binarizations, not the codes', are drawn anew.
    const Bounds one =
        bounds_of(trained, *as_codes(drawn), request.split, options_of(request, experiment), request.codes, pool);
    outcome.draws.push_back(summarise(one.total, 1).nll);
    for (const auto figure : kBoundFigures) add_to(sums.*figure, one.*figure);
  });
  const int64_t pixels = data.images().spec().positions();
  const auto summary = [&](std::vector<double>& figure) {
    divide(figure, request.draws);
    return summarise(std::move(figure), pixels);
  };
  outcome.result = summary(sums.total);
  outcome.bound = {summary(sums.reconstruction), summary(sums.prior), {}, {}, request.codes};
  if (!sums.posterior.empty()) outcome.bound->posterior = summary(sums.posterior);
  if (!sums.carried.empty()) outcome.bound->carried = summary(sums.carried);
  outcome.draws_se = summarise(outcome.draws, 1).nll_se;
  outcome.result.seconds = watch.seconds();
}

}  // namespace mlrun
