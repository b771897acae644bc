// A spec as it is read: what each of its sections says, checked as a whole before any of its parts is built.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/document.hpp"
#include "config/print.hpp"
#include "data/dataset.hpp"
#include "experiment/origin.hpp"
#include "models/model.hpp"
#include "optim/optimizer.hpp"
#include "optim/schedule.hpp"
#include "optim/updater.hpp"
#include "tensor/tensor.hpp"

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
  DType products;                // the operands of matrix products in training: ops::ProductFormat
  bool recompute;                // blocks are computed again for the gradient
  // Of a batch, with `auto` resolved: each of the small batches of train.accumulate has those of a batch of its size.
  int64_t lanes_of_batch() const;
};

// The fields of a spec that was read without mistakes, with `auto` resolved to what it means and the rule in its
// origin.
config::Fields resolved_fields(const config::Document& document, const ExperimentSpec& spec);

// Every field a spec may have, for `config schema`, `config init` and completion. `choices`: "model.kind=made" ...
config::Fields describe_spec(const std::vector<std::string>& choices);

}  // namespace mlrun
