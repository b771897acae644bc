#include "experiment/experiment.hpp"

#include <algorithm>
#include <map>

#include "base/error.hpp"
#include "base/lanes.hpp"
#include "base/memory.hpp"
#include "base/number.hpp"
#include "base/version.hpp"
#include "config/yaml_writer.hpp"
#include "experiment/checkpoint.hpp"
#include "experiment/mixed_runs.hpp"
#include "io/sha256.hpp"
#include "models/modelled.hpp"

namespace mlrun {
namespace {

using config::Period;
using Unit = Period::Unit;

constexpr const char* kCodesFrom = "data.from";

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
  const auto lanes = reader.integer_or(
      "lanes", "auto",
      {.help = "slices of a batch, one thread each at most; decides the bits. auto: as many as cost nothing, by model "
               "and batch_size, on any machine",
       .min = 1,
       .max = kMostLanes});
  reader.choice("dtype", {"f32"}, {.help = "of matrix products", .fallback = "f32"});
  return lanes;
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

Experiment::Experiment(const config::Document& document) {
  spec_ = std::make_shared<const ExperimentSpec>(document.root());
  document.root().finish();
  document.diagnostics().throw_if_any();
  fields_ = resolved_fields(document, *spec_);
  notes_ = document.notes();
  settle_origin();
}

// The spec then holds what was found, and means the same weights for good.
void Experiment::settle_origin() {
  if (spec_->origin) origin_ = identified(*spec_->origin);
  std::erase_if(fields_, [&](const config::FieldRecord& field) {
    return !origin_ && field.path.starts_with("origin.") && field.path != "origin.checkpoint";
  });
  if (!origin_) return;
  const std::map<std::string, std::string> found = {
      {"origin.checkpoint", config::yaml_text(origin_->checkpoint, "none")},
      {"origin.run", config::yaml_text(origin_->run)},
      {"origin.step", fmt::format("{}", origin_->step)},
      {"origin.sha256", config::yaml_text(origin_->sha256)}};
  for (config::FieldRecord& field : fields_) {
    if (const auto value = found.find(field.path); value != found.end()) field.value = value->second;
  }
}

Experiment Experiment::load(const std::string& path, const std::vector<std::string>& overrides,
                            const std::vector<std::string>& places) {
  Experiment e(with_runs_found(
      [&](const auto& texts, const auto& of_texts) { return config::Document::load(path, texts, {}, of_texts); },
      overrides, places));
  e.source_ = path;
  if (!overrides.empty()) {
    std::string names;
    for (const std::string& o : overrides)
      names += fmt::format("{}{}", names.empty() ? "" : ", ", o.substr(0, o.find('=')));
    e.source_ += fmt::format(" + {} override{} ({})", overrides.size(), overrides.size() == 1 ? "" : "s", names);
  }
  return e;
}

Experiment Experiment::from_text(const std::string& text, const std::string& name,
                                 const std::vector<std::string>& overrides, const std::vector<std::string>& places) {
  Experiment e(with_runs_found(
      [&](const auto& texts, const auto& of_texts) {
        return config::Document::from_text(text, name, texts, {}, of_texts);
      },
      overrides, places));
  e.source_ = name;
  return e;
}

std::string Experiment::hash_without(const std::vector<std::string>& excluded, const Dataset& data) const {
  io::Sha256 sha;
  std::vector<std::string> all = excluded;
  all.emplace_back(kCodesFrom);  // where the model of the codes is; what it is counts, by the data's hash
  all.emplace_back("origin");    // so do the weights to begin from, by theirs
  const std::vector<TrainedPart> parts = spec_->model.facts().parts;
  require_parts_found(parts);
  if (!parts.empty()) {  // and those of its parts, which the section holds as well
    for (const char* where : {"model.of", "model.runs", "model.steps"}) all.emplace_back(where);
  }
  sha.update(config::canonical_text(fields_, all));
  sha.update(fmt::format("data {}\nnumerics {}\n", data.hash(), kNumericsVersion));
  if (origin_) {
    if (origin_->sha256.empty()) open_origin(*origin_);  // says why it was not found
    sha.update(fmt::format("origin {}\n", origin_->sha256));
  }
  return sha.hex();
}

const std::vector<std::string>& bookkeeping_fields() {
  static const std::vector<std::string> fields = {
      "name",         "group",     "tags", "checkpoint", "train.log_every", "train.accumulate", "compute.recompute",
      "eval.samples", "eval.train"};
  return fields;
}

bool is_bookkeeping(const std::string& path) {
  for (const std::string& field : bookkeeping_fields()) {
    if (path == field || path.starts_with(field + ".")) return true;
  }
  return false;
}

std::string Experiment::fingerprint(const Dataset& data) const { return hash_without(bookkeeping_fields(), data); }

std::string Experiment::lineage(const Dataset& data) const {
  std::vector<std::string> excluded = bookkeeping_fields();
  excluded.push_back("train.for");
  return hash_without(excluded, data);
}

BuiltModel build_model(const ModelRegistry::Choice& choice, const DataSpec& data, uint64_t seed) {
  BuiltModel built;
  built.parameters = std::make_unique<ParameterArena>();
  built.model = choice.build(data, Scope(*built.parameters, seed));
  built.model->require_question_first();
  const int64_t parameters = built.parameters->parameter_count();
  require_memory(sizeof(float) * static_cast<double>(parameters),
                 fmt::format("a model of {} parameters", print_thousands(parameters)), "");
  built.parameters->allocate();
  return built;
}

BuiltModel build_model(const Experiment& experiment, const Dataset& data) {
  for (const config::FieldRecord& field : experiment.fields()) {
    if (field.path != "model.condition" || field.value == "none" || data.spec().classes > 0) continue;
    fail(ExitCode::kUsage, "model.condition {} needs labels, and {}\n  without them   model.condition=none",
         field.value, data.why_no_labels());
  }
  const std::vector<TrainedPart> parts = experiment.spec().model.facts().parts;
  require_parts_found(parts);
  require_symbols_of_parts(parts, data);
  BuiltModel built = build_model(experiment.spec().model, data.spec(), experiment.spec().seed);
  if (data.spec().augmentations > 1 && !built.model->told_of_augmentation()) {
    const std::string kind = experiment.spec().model.kind();
    const bool could_be = built.model->autoregressive() && !experiment.spec().model.facts().fitted_at_once;
    fail(ExitCode::kUsage,
         "data.augment: a {} model is not told how an image was changed, and would model changed images as well\n"
         "{}  without augmentation      leave data.augment out",
         kind,
         could_be ? fmt::format("  one that is told          'model={{kind: augmented, of: {{kind: {}}}}}'\n", kind)
                  : std::string());
  }
  return built;
}

config::Fields describe_spec(const std::vector<std::string>& choices) {
  const config::Document document = config::Document::empty(choices);
  const ExperimentSpec spec(document.root());
  document.root().finish();
  document.diagnostics().throw_if_any();
  return document.declared();
}

}  // namespace mlrun
