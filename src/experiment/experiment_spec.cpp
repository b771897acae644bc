#include "experiment/experiment_spec.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/lanes.hpp"
#include "experiment/lane_count.hpp"

namespace mlrun {
namespace {

using config::Period;
using Unit = Period::Unit;

std::string check_name(const std::string& name) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-';
  };
  bool fine = !name.empty() && name.size() <= 64 && name[0] != '.';
  for (const char c : name) fine = fine && (allowed(c) || c == '{' || c == '}');
  return fine ? ""
              : "a name of 1 to 64 letters, digits, '.', '_' or '-', not starting with '.' ({model.kind} stands for "
                "that field)";
}

ScheduleRegistry::Choice read_schedule(config::Reader reader) { return schedule_kinds().choose(reader, "constant"); }
DatasetRegistry::Choice read_data(config::Reader reader) { return dataset_kinds().choose(reader); }
ModelRegistry::Choice read_model(config::Reader reader) { return model_kinds().choose(reader); }
// Where nothing is trained by gradients, the rule that keeps nothing of them.
OptimizerRegistry::Choice read_optimizer(config::Reader reader, const ModelRegistry::Facts& model) {
  return optimizer_kinds().choose(reader, model.fitted_at_once ? "sgd" : "adam");
}

std::optional<int64_t> read_lanes(config::Reader reader) {
  return reader.integer_or(
      "lanes", "auto",
      {.help = "slices of a batch, one thread each at most; decides the bits. auto: as many as cost nothing, by model "
               "and batch_size, on any machine",
       .min = 1,
       .max = kMostLanes});
}

DType read_products(config::Reader reader) {
  return reader.one_of<DType>("dtype", {{"f32", DType::kF32}, {"bf16", DType::kBF16}},
                              {.help = "in which training multiplies matrices; bf16: operands rounded to 8 bits, sums, "
                                       "weights and all else in f32, on CPUs with AVX-512 BF16 or AMX. Evaluation and "
                                       "samples are f32",
                               .fallback = "f32"});
}

bool read_recompute(config::Reader reader) {
  const std::string what = reader.choice(
      "recompute", {"none", "blocks"},
      {.help = "what a step forgets on its way forward and computes again for the gradient, to the same bits; blocks: "
               "all of a block but its input, for less memory and about a third more time",
       .fallback = "none"});
  reader.later("recompute");
  return what == "blocks";
}

}  // namespace

TrainOptions::TrainOptions(config::Reader reader, const ModelRegistry::Facts& model)
    : duration(reader.period("for",
                             {.help = "length of training",
                              .fallback = model.fitted_at_once ? Period{1, Unit::kSteps} : Period{20, Unit::kEpochs}})),
      batch_size(
          reader.integer("batch_size", {.help = "examples per step", .min = 1, .max = 1 << 20, .fallback = 100})),
      accumulate(reader.integer(
          "accumulate",
          {.help = "small batches that a step goes through one after the other, for less memory; the bits are those of "
                   "the whole batch with the same compute.lanes, which are shared out among them",
           .min = 1,
           .max = kMostLanes,
           .fallback = 1})),
      update{
          .clip_norm = reader.real(
              "clip_norm",
              {.help = "largest L2 norm of the gradient, nats per example; 0: no clipping", .min = 0, .fallback = 0.0}),
          .average_decay = reader.real(
              "average", {.help = "decay of the moving average of the weights that is evaluated and sampled; 0: none",
                          .min = 0,
                          .max = 1,
                          .exclusive_max = true,
                          .fallback = 0.0})},
      patience(reader.integer_or("patience", "never",
                                 {.help = "evaluations without a new best before training stops", .min = 1})),
      log_every(reader.period(
          "log_every", {.help = "distance of the rows of train metrics", .fallback = Period{100, Unit::kSteps}})) {
  reader.later("accumulate");
}

EvalOptions::EvalOptions(config::Reader reader)
    : every(reader.period(
          "every",
          {.help = "distance of evaluations on the valid split; in min or h the weights of a step stay the same "
                   "bits, but which steps are evaluated, and so the best one and train.patience, depends on "
                   "the clock",
           .fallback = Period{1, Unit::kEpochs}})),
      batch_size(reader.integer(
          "batch_size", {.help = "examples at a time in each lane", .min = 1, .max = 1 << 20, .fallback = 100})),
      best(reader.one_of<BestBy>(
          "best", {{"valid/nll", BestBy::kNll}, {"valid/accuracy", BestBy::kAccuracy}, {"last", BestBy::kLast}},
          {.help = "which checkpoint is the run's result; by last, train.patience looks at valid/nll",
           .fallback = "valid/nll"})),
      samples(reader.integer("samples", {.help = "images drawn at every evaluation, into samples/ of the run; 0: none",
                                         .min = 0,
                                         .max = 10000,
                                         .fallback = 16})),
      train(reader.integer_or(
          "train", "auto",
          {.help = "training examples that are judged as the valid ones are, at every evaluation, beside them "
                   "(valid/train_nll); auto: a tenth as many as there are valid ones; 0: none",
           .min = 0})) {
  reader.later("train");
}

CheckpointOptions::CheckpointOptions(config::Reader reader)
    : every(reader.period_or("every", "eval",
                             {.help = "distance of checkpoints besides those of evaluations; as a time, how much a "
                                      "killed run can lose; eval: none",
                              .fallback = Period{10, Unit::kMinutes}})),
      keep(reader.integer(
          "keep", {.help = "latest checkpoints kept, besides the best; those by time are gone when the run is finished",
                   .min = 2,
                   .max = 1000000,
                   .fallback = 2})) {}

ExperimentSpec::ExperimentSpec(config::Reader root)
    : name(root.string("name", {.help = "first part of the run's directory", .fallback = "run", .check = check_name})),
      group(root.string("group", {.help = "runs that are looked at together", .fallback = "", .allow_empty = true})),
      tags(root.strings("tags", {.help = "words to find the run by", .fallback = std::vector<std::string>{}})),
      seed(static_cast<uint64_t>(root.integer("seed", {.help = "of everything random", .min = 0, .fallback = 1}))),
      data(read_data(root.section("data", "what is modelled"))),
      model(read_model(root.section("model", "the model"))),
      optimizer(read_optimizer(root.section("optim", "the update rule"), model.facts())),
      schedule(read_schedule(root.section("schedule", "of the learning rate"))),
      train(root.section("train", "the training loop"), model.facts()),
      eval(root.section("eval", "evaluation during training")),
      checkpoint(root.section("checkpoint", "what is kept of the weights")),
      origin(read_origin(root.section("origin", "where the initial weights come from"))),
      lanes(read_lanes(root.section("compute", "how it is computed"))),
      products(read_products(root.section("compute"))),
      recompute(read_recompute(root.section("compute"))) {
  if (root.describing()) return;
  config::Reader train_section = root.section("train");
  if (train.duration.amount <= 0) train_section.mistake("for", "training for nothing");
  if (model.facts().fitted_at_once && train.duration != Period{1, Unit::kSteps}) {
    train_section.mistake("for",
                          fmt::format("a {} is fitted in one step, which looks at the whole valid split", model.kind()),
                          "leave train.for out, or train.for=1 step");
  }
  if (recompute && !model.facts().blocks) {
    root.section("compute").mistake("recompute", fmt::format("a {} has no blocks to compute again", model.kind()),
                                    "none, or train.accumulate for less memory");
  }
  if (train.accumulate == 1) return;
  if (model.facts().fitted_at_once) {
    train_section.mistake("accumulate", fmt::format("a {} is fitted in one pass, without gradients", model.kind()),
                          "leave train.accumulate out");
  } else if (train.batch_size % train.accumulate != 0) {
    train_section.mistake("accumulate",
                          fmt::format("{} small batches do not make a batch of {}", train.accumulate, train.batch_size),
                          "a divisor of train.batch_size");
  } else if (lanes && *lanes % train.accumulate != 0) {
    train_section.mistake("accumulate",
                          fmt::format("{} lanes cannot be shared out among {} small batches", *lanes, train.accumulate),
                          "a divisor of compute.lanes, or compute.lanes: auto");
  } else if (lanes_of_batch() > kMostLanes) {
    train_section.mistake("accumulate",
                          fmt::format("a step would have {} lanes, and {} are the most", lanes_of_batch(), kMostLanes),
                          fmt::format("a smaller number, or compute.lanes: {}", train.accumulate));
  }
}

int64_t ExperimentSpec::lanes_of_batch() const {
  return lanes.value_or(train.accumulate *
                        lanes_for(train.batch_size / train.accumulate, model.facts().examples_per_lane));
}

config::Fields resolved_fields(const config::Document& document, const ExperimentSpec& spec) {
  config::Fields fields = document.declared();
  std::erase_if(fields, [](const config::FieldRecord& f) { return f.later && f.value == f.fallback; });
  const auto has_fields = [&](const std::string& section) {
    return std::any_of(fields.begin(), fields.end(),
                       [&](const config::FieldRecord& f) { return f.path.starts_with(section + "."); });
  };
  std::vector<std::string> empty;
  for (const config::FieldRecord& f : fields) {
    if (f.later && f.type == config::FieldType::kSection && !has_fields(f.path)) empty.push_back(f.path);
  }
  std::erase_if(fields, [&](const config::FieldRecord& f) {
    return std::find(empty.begin(), empty.end(), f.path) != empty.end();
  });
  const int64_t wanted = spec.model.facts().examples_per_lane;
  for (config::FieldRecord& field : fields) {
    if (field.path != "compute.lanes" || spec.lanes) continue;
    field.value = fmt::format("{}", spec.lanes_of_batch());
    field.origin.rule = fmt::format("auto: about {} example{} a lane", wanted, wanted == 1 ? "" : "s");
    if (spec.train.accumulate > 1) field.origin.rule += fmt::format(", {} times", spec.train.accumulate);
  }
  return fields;
}

config::Fields describe_spec(const std::vector<std::string>& choices) {
  const config::Document document = config::Document::empty(choices);
  const ExperimentSpec spec(document.root());
  document.root().finish();
  document.diagnostics().throw_if_any();
  return document.declared();
}

}  // namespace mlrun
