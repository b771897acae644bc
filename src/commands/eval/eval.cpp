#include "commands/eval/eval.hpp"
#include "commands/answer_files.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <optional>

#include "base/advice.hpp"
#include "base/error.hpp"
#include "base/lanes.hpp"
#include "base/log.hpp"
#include "base/stopwatch.hpp"
#include "commands/eval/eval_draws.hpp"
#include "experiment/codes_dataset.hpp"
#include "experiment/same_on_all_ranks.hpp"
#include "experiment/trained_data.hpp"
#include "io/directory.hpp"
#include "io/file.hpp"
#include "runs/find_run.hpp"
#include "runs/run_directory.hpp"

namespace mlrun {
namespace {

TrainedModel load_for(const EvalRequest& request, const std::string& path) {
  TrainedModel trained = load_trained_model(path);
  if (!request.orders) return trained;
  if (!trained.built.model->any_order()) {
    fail(ExitCode::kUsage,
         "--orders: a {} model has the orders it was trained with, and no others\n"
         "  a model of every order   model.kind=eonade",
         trained.experiment.spec().model.kind());
  }
  return load_trained_model(path, {fmt::format("model.orders={}", *request.orders)});
}

// What its symbols are, where two data sets have as many of them.
std::string words_for(const CaptionStream* stream) {
  if (!stream) return "no captions";
  return fmt::format("captions of at most {} characters, {}, with pictures of {}", stream->parts().words,
                     stream->characters().all(), to_string(stream->picture().shape));
}

void require_same_data(const TrainedModel& trained, const Dataset& data, bool named) {
  const CheckpointIdentity& identity = trained.identity;
  if (data.spec().shape != identity.data.shape || data.spec().alphabet != identity.data.alphabet) {
    fail(ExitCode::kData, "{}: the model is of data of shape {} with {} symbols, and this data has {} with {}",
         trained.path, to_string(identity.data.shape), identity.data.alphabet, to_string(data.spec().shape),
         data.spec().alphabet);
  }
  if (data.spec().given != identity.data.given) {
    fail(ExitCode::kData, "{}: the model was given the first {} symbols of its data, and this data gives {}",
         trained.path, identity.data.given, data.spec().given);
  }
  if (trained.built.model->predicts_labels() && data.spec().classes != identity.data.classes) {
    fail(ExitCode::kData, "{}: the model tells {} classes apart, and this data has {}", trained.path,
         identity.data.classes, data.spec().classes);
  }
  const Vocabulary* vocabulary = data.vocabulary();
  if (vocabulary && identity.vocabulary && vocabulary->codes() != identity.vocabulary->codes()) {
    fail(ExitCode::kData, "{}: the model is of a text of other {}, as many as this one has", trained.path,
         name_of(vocabulary->unit()));
  }
  const CaptionStream* stream = data.caption_stream();
  if ((stream != nullptr) != identity.caption_stream.has_value() ||
      (stream && !(*stream == *identity.caption_stream))) {
    fail(ExitCode::kData, "{}: the model is of {}, and this data is of {}", trained.path,
         words_for(identity.caption_stream ? &*identity.caption_stream : nullptr), words_for(stream));
  }
  if (!named && data.hash() != identity.data_hash) {
    fail(ExitCode::kData,
         "{}: trained on data with sha256 {:.12}, and the data found now has {:.12}\n"
         "  name the data to evaluate on it all the same   {}",
         trained.path, identity.data_hash, data.hash(),
         advice::again({"data.kind=" + trained.experiment.spec().data.kind()}));
  }
}

CaptionEvaluation evaluated_captions(const EvalRequest& request, const Experiment& experiment,
                                     const TrainedModel& trained, const Dataset& data) {
  LanePool pool(threads_of(request));
  const EvaluateOptions options{
      .batch_size = experiment.spec().eval.batch_size, .limit = {}, .interrupted = {}, .ranks = request.ranks};
  CaptionLikelihoods found = caption_likelihoods(trained.autoregressive(), *trained.built.parameters, data,
                                                 request.split, request.named, options, pool);
  const StreamParts& parts = data.caption_stream()->parts();
  CaptionEvaluation captions;
  captions.captions = found.captions;
  captions.named = found.named;
  captions.pair = summarise(std::move(found.pair), parts.positions());
  const auto order = [](OrderLikelihoods& figures, int64_t first, int64_t second) {
    return CaptionEvaluation::Order{summarise(std::move(figures.first), first),
                                    summarise(std::move(figures.second), second),
                                    summarise(std::move(figures.right), 1)};
  };
  if (found.words_first) captions.words_first = order(*found.words_first, parts.words, parts.picture);
  if (found.picture_first) captions.picture_first = order(*found.picture_first, parts.picture, parts.words);
  return captions;
}

// One evaluation per draw, and each example's mean over them.
void evaluate_draws(const EvalRequest& request, const Experiment& experiment, const TrainedModel& trained,
                    const Dataset& first, EvalOutcome& outcome) {
  const Stopwatch watch;
  LanePool pool(threads_of(request));
  const EvaluateOptions options{
      .batch_size = experiment.spec().eval.batch_size, .limit = {}, .interrupted = {}, .ranks = request.ranks};
  SplitLikelihoods sums;
  std::vector<double> rates;  // of a VQ-VAE with a prior of its own
  const auto redraw = [&](const DataSources& sources) { return experiment.spec().data.build(sources); };
  for_draws(request, first, redraw, trained.identity.seed, [&](const Dataset& data) {
    SplitLikelihoods one =
        split_likelihoods(*trained.built.model, *trained.built.parameters, data, request.split, options, pool);
    outcome.draws.push_back(summarise(one.x, 1).nll);
    add_to(sums.x, one.x);
    add_to(sums.xy, one.xy);
    add_to(sums.x_given_y, one.x_given_y);
    add_to(sums.correct, one.correct);
    if (!outcome.experts) outcome.experts = std::move(one.experts);
    if (!one.codes) return;
    add_to(rates, one.codes->rates);
    if (!sums.codes) sums.codes = std::move(one.codes);
  });
  for (auto* figure : {&sums.x, &sums.xy, &sums.x_given_y, &sums.correct}) divide(*figure, request.draws);
  const int64_t predictions = trained.built.model->predictions();
  outcome.result = summarise(std::move(sums.x), predictions);
  if (!sums.xy.empty())
    outcome.labelled = {summarise(std::move(sums.xy), predictions), summarise(std::move(sums.x_given_y), predictions)};
  if (!sums.correct.empty()) {
    outcome.accuracy = summarise(std::move(sums.correct), 1);
    outcome.accuracy_of = trained.built.model->accuracy_words();
  }
  if (sums.codes) {
    divide(rates, request.draws);
    sums.codes->rates = std::move(rates);
    outcome.code_use = std::move(sums.codes);
  }
  outcome.draws_se = summarise(outcome.draws, 1).nll_se;
  outcome.result.seconds = watch.seconds();
}

}  // namespace

int threads_of(const EvalRequest& request) { return threads_of_rank(request.ranks, kMostLanes, request.threads); }

namespace {

// The ranks of a request have the same program, checkpoint and data, and something to do each: else Error, by all.
void require_ranks_fit(const EvalRequest& request, const EvalSubject& subject) {
  if (!request.ranks.several()) return;
  RankFacts facts = facts_of_this_rank();
  facts.push_back(fact_of_file("checkpoint", subject.trained.path));
  facts.emplace_back("data", subject.data->hash());
  facts.emplace_back("request", fmt::format("{} split, {} draws, {} codes, batches of {}", name_of(request.split),
                                            request.draws, request.codes, subject.experiment.spec().eval.batch_size));
  require_same_on_all_ranks(request.ranks, facts, request.mixed_cpus);
  require_share_for_each(request.ranks, subject.data->count(request.split), "example",
                         fmt::format("the {} split of this data has", name_of(request.split)));
}

EvalSubject subject_on_this_rank(const EvalRequest& request) {
  bool data_named = false;
  for (const std::string& o : request.overrides) {
    if (o.rfind("data.", 0) != 0 && o.rfind("eval.", 0) != 0)
      fail(ExitCode::kUsage, "'{}': eval takes overrides of data.* and eval.* only", o);
    data_named = data_named || o.rfind("data.", 0) == 0;
  }
  const std::string path = find_checkpoint(request.selector, request.which);
  TrainedModel trained = load_for(request, path);
  Experiment experiment =
      Experiment::from_text(trained.identity.resolved_yaml, path, request.overrides, request.places);
  for (const std::string& note : experiment.notes()) log::info("{}", note);
  std::unique_ptr<Dataset> data = build_data(experiment, data_sources_from_environment(trained.identity.seed), trained);
  require_same_data(trained, *data, data_named);
  const bool other_data =
      data_named && (data->hash() != trained.identity.data_hash || data->protocol() != trained.identity.protocol);
  return {run_of_checkpoint(path), std::move(trained), std::move(experiment), std::move(data), other_data};
}

}  // namespace

EvalSubject subject_of(const EvalRequest& request) {
  std::optional<EvalSubject> subject;
  together(request.ranks, [&] { subject.emplace(subject_on_this_rank(request)); });
  require_ranks_fit(request, *subject);
  return std::move(*subject);
}

EvaluatedData data_of(const EvalSubject& subject) {
  EvaluatedData data = {subject.data->description(), subject.other_data, subject.trained.identity.data_description};
  if (data.other && data.description == data.trained_on) {  // as of the codes of two models: no words tell them apart
    data.description += fmt::format(", sha256 {:.8}", subject.data->hash());
    data.trained_on += fmt::format(", sha256 {:.8}", subject.trained.identity.data_hash);
  }
  return data;
}

EvalOutcome evaluate_checkpoint(const EvalRequest& request) {
  const EvalSubject subject = subject_of(request);
  const auto& [run, trained, experiment, data, other_data] = subject;
  EvalOutcome outcome;
  outcome.data = data_of(subject);
  outcome.run = run;
  outcome.checkpoint = trained.path;
  outcome.protocol = data->protocol();
  if (request.draws > 1) outcome.protocol += fmt::format(", mean of {} draws", request.draws);
  outcome.step = trained.state.step;
  outcome.of_images = data->spec().is_image();
  outcome.dimension = dimension_of(*trained.built.model, *data);
  outcome.nll_of = trained.built.model->nll_subject(/*labels_summed_out=*/true);
  outcome.components = trained.built.model->components();
  outcome.classes = trained.built.model->classes();
  // A classifier of codes is judged by their labels: it is no prior, and there is no bound.
  const auto* codes = trained.built.model->predicts_labels() ? nullptr : as_codes(*data);
  if (!codes && request.codes > 1) {
    fail(ExitCode::kUsage, "--codes {}: codes are those of a prior over a VQ-VAE's codes, and this is a {} model{}",
         request.codes, trained.experiment.spec().model.kind(),
         is_of_stage_one(outcome.nll_of) ? "\n  train a prior   " + training_a_prior(trained.path) : "");
  }
  if (codes) evaluate_bound(request, experiment, trained, *codes, outcome);
  else evaluate_draws(request, experiment, trained, *data, outcome);
  if (data->caption_stream()) {
    outcome.captions = evaluated_captions(request, experiment, trained, *data);
  } else if (request.named) {
    fail(ExitCode::kUsage, "--named {}: images are named by models of captions and pictures   data.kind=captions",
         *request.named);
  }
  outcome.nats_per_dimension = outcome.result.bpd * std::numbers::ln2;
  if (!request.ranks.first()) return outcome;
  const io::Bytes image = evaluation_file(outcome, request.split);
  if (!request.per_example.empty()) io::write_atomically(request.per_example, image.span());
  if (!outcome.run.empty() && !other_data) {
    // Another way to evaluate stands beside the one that runs are judged by.
    std::string settings = request.draws > 1 ? fmt::format("-draws-{}", request.draws) : "";
    if (request.codes > 1) settings += fmt::format("-codes-{}", request.codes);
    if (request.orders) settings += fmt::format("-orders-{}", *request.orders);
    try {
      io::write_atomically(
          fmt::format("{}/evals/step-{:09}-{}{}.h5", outcome.run, outcome.step, name_of(request.split), settings),
          image.span());
    } catch (const Error& e) {
      log::warning("the result is not kept in the run: {}", e.what());
    }
  }
  return outcome;
}

}  // namespace mlrun
