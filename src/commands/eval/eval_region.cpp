#include "commands/eval/eval_region.hpp"
#include "commands/answer_files.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "base/lanes.hpp"
#include "base/stopwatch.hpp"
#include "generate/completion.hpp"
#include "io/file.hpp"

namespace mlrun {
RegionOutcome evaluate_region(const EvalRequest& request, const std::string& region_text) {
  require(request.draws == 1, "a region over {} draws", request.draws);
  const EvalSubject subject = subject_of(request);
  const AutoregressiveModel& model = subject.trained.autoregressive();
  const Region region = region_named(region_text, model.data(), subject.trained.identity.names.columns);
  const Completer completer(model, *subject.trained.built.parameters, region);
  const Stopwatch watch;
  if (subject.data->spec().classes > model.classes() && model.conditional()) {
    fail(ExitCode::kData, "the model knows {} classes, and this data has {}", model.classes(),
         subject.data->spec().classes);
  }
  std::vector<double> unlabelled(static_cast<size_t>(subject.data->count(request.split))), labelled;
  if (model.conditional() && subject.data->spec().classes > 0) labelled.resize(unlabelled.size());
  LanePool pool(threads_of(request));
  const EvaluateOptions options{
      .batch_size = subject.experiment.spec().eval.batch_size, .limit = {}, .interrupted = {}, .ranks = request.ranks};
  const auto score = [&](std::span<const int64_t> rows, const Batch& batch) {
    const RegionNll nll = completer.nll(batch);
    std::copy(nll.unlabelled.begin(), nll.unlabelled.end(), unlabelled.begin() + rows[0]);
    if (!labelled.empty()) std::copy(nll.labelled.begin(), nll.labelled.end(), labelled.begin() + rows[0]);
  };
  for_batches(*subject.data, request.split, options, pool, score);
  for (auto* figure : {&unlabelled, &labelled}) share_figures(*subject.data, request.split, options, *figure);
  RegionOutcome outcome;
  outcome.run = subject.run;
  outcome.checkpoint = subject.trained.path;
  outcome.protocol = subject.data->protocol();
  outcome.data = data_of(subject);
  outcome.step = subject.trained.state.step;
  outcome.components = model.components();
  outcome.orders = completer.orders();
  outcome.known = region.known_count();
  outcome.unknown = model.data().positions() - outcome.known;
  outcome.result = summarise(std::move(unlabelled), outcome.unknown);
  if (!labelled.empty()) outcome.labelled = summarise(std::move(labelled), outcome.unknown);
  outcome.result.seconds = watch.seconds();
  if (request.ranks.first() && !request.per_example.empty()) {
    io::write_atomically(request.per_example, region_file(outcome, region, model.data(), request.split).span());
  }
  return outcome;
}

}  // namespace mlrun
