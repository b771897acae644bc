// An experiment: a spec read and checked as a whole, before any of its parts is built.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/document.hpp"
#include "config/print.hpp"
#include "data/dataset.hpp"
#include "experiment/lane_count.hpp"
#include "experiment/origin.hpp"
#include "models/model.hpp"
#include "optim/optimizer.hpp"
#include "optim/schedule.hpp"
#include "optim/updater.hpp"

namespace mlrun {

struct TrainOptions {
  TrainOptions(config::Reader reader, const ModelRegistry::Facts& model);
  config::Period duration;  // train.for
  int64_t batch_size;
  int64_t accumulate;  // small batches that a step goes through one after the other
  UpdateOptions update;
  std::optional<int64_t> patience;  // evaluations without a new best before training stops
  config::Period log_every;         // a row of train metrics
};

enum class BestBy : uint8_t { kNll, kAccuracy, kLast };

struct EvalOptions {
  explicit EvalOptions(config::Reader reader);
  config::Period every;
  int64_t batch_size;
  BestBy best;
  int64_t samples;  // drawn at every evaluation, into samples/
  std::optional<int64_t>
      train;  // training examples that are judged beside valid; nullopt: a tenth as many as valid has
};

struct CheckpointOptions {
  explicit CheckpointOptions(config::Reader reader);
  std::optional<config::Period> every;  // besides every evaluation
  int64_t keep;                         // last k, besides the best (RunDirectory::prune_checkpoints)
};

struct ExperimentSpec {
  explicit ExperimentSpec(config::Reader root);
  std::string name, group;
  std::vector<std::string> tags;
  uint64_t seed;
  DatasetRegistry::Choice data;
  ModelRegistry::Choice model;
  OptimizerRegistry::Choice optimizer;
  ScheduleRegistry::Choice schedule;
  TrainOptions train;
  EvalOptions eval;
  CheckpointOptions checkpoint;
  std::optional<Origin> origin;  // as written; Experiment::origin() is the one that was found
  std::optional<int64_t> lanes;  // nullopt: auto
  bool recompute;                // blocks are computed again for the gradient
  // Of a batch, with `auto` resolved: each of the small batches of train.accumulate has those of a batch of its size.
  int64_t lanes_of_batch() const;
};

// The fields of a spec that was read without mistakes, with `auto` resolved to what it means and the rule in its
// origin.
config::Fields resolved_fields(const config::Document& document, const ExperimentSpec& spec);

// A spec with everything that identifies it.
class Experiment {
 public:
  // Reads file and overrides; all mistakes at once as Error(kUsage). `places` name the overrides in messages.
  static Experiment load(const std::string& path, const std::vector<std::string>& overrides,
                         const std::vector<std::string>& places = {});
  static Experiment from_text(const std::string& text, const std::string& name,
                              const std::vector<std::string>& overrides = {},
                              const std::vector<std::string>& places = {});

  const ExperimentSpec& spec() const { return *spec_; }
  const config::Fields& fields() const { return fields_; }  // resolved_fields
  int64_t lanes() const { return spec_->lanes_of_batch(); }
  // Those of a small batch (train.accumulate): more threads than these have nothing to do.
  int64_t lanes_at_once() const { return (lanes() + spec_->train.accumulate - 1) / spec_->train.accumulate; }
  const std::optional<Origin>& origin() const { return origin_; }  // nullopt: fresh weights
  // What was read otherwise than it was written, a line each, for the person: see config::Document::notes.
  const std::vector<std::string>& notes() const { return notes_; }
  std::string resolved_yaml() const { return config::resolved_yaml(fields_); }
  // SHA-256 over what decides the result: the spec without names, tags and bookkeeping, the data, the weights to begin
  // from, the numerics version. Where there are weights to begin from and they are not found: the errors of
  // open_origin.
  std::string fingerprint(const Dataset& data) const;
  // The same without how long to train: what a run may be extended under.
  std::string lineage(const Dataset& data) const;
  std::string source() const { return source_; }  // "configs/made.yaml + 2 overrides (optim.lr, seed)"

 private:
  explicit Experiment(const config::Document& document);
  void settle_origin();
  std::string hash_without(const std::vector<std::string>& excluded, const Dataset& data) const;
  std::shared_ptr<const ExperimentSpec> spec_;
  config::Fields fields_;
  std::optional<Origin> origin_;
  std::vector<std::string> notes_;
  std::string source_;
};

// Fields (and sections) that do not decide the result: names, tags, what is kept and shown.
const std::vector<std::string>& bookkeeping_fields();
bool is_bookkeeping(const std::string& path);  // one of them, or a field of such a section

// A model with its parameters. `seed` fixes orders and degrees; initial values are drawn by
// parameters->initialise(seed).
struct BuiltModel {
  std::unique_ptr<ParameterArena> parameters;
  std::unique_ptr<Model> model;
};
BuiltModel build_model(const ModelRegistry::Choice& choice, const DataSpec& data, uint64_t seed);
// The model of an experiment for its data. A model that needs labels of data that has none is Error(kUsage) with the
// data's own reason.
BuiltModel build_model(const Experiment& experiment, const Dataset& data);

// Every field a spec may have, for `config schema`, `config init` and completion. `choices`: "model.kind=made" ...
config::Fields describe_spec(const std::vector<std::string>& choices);

}  // namespace mlrun
