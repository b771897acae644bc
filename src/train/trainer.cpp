#include "train/trainer.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <numeric>
#include <utility>

#include "base/error.hpp"
#include "base/log.hpp"
#include "base/memory.hpp"
#include "base/number.hpp"
#include "experiment/codes_dataset.hpp"
#include "experiment/mixed_runs.hpp"
#include "experiment/trained_model.hpp"
#include "kernels/isa.hpp"
#include "ops/product_format.hpp"
#include "train/epoch_order.hpp"
#include "train/train_sample.hpp"

namespace mlrun {
namespace {

TrainingLength length_of(const ExperimentSpec& spec, const Dataset& data) {
  const int64_t count = data.count(Split::kTrain), batch = spec.train.batch_size;
  if (count == 0) fail(ExitCode::kData, "the train split of this data is empty");
  TrainingLength length;
  length.steps_per_epoch = spec.model.facts().fitted_at_once ? 1 : (count + batch - 1) / batch;
  const config::Period& duration = spec.train.duration;
  if (duration.unit != config::Period::Unit::kMinutes) length.total_steps = length.steps_of(duration);
  return length;
}

void require_products(DType format) {
  if (format == DType::kF32 || kernels::has_bf16_products()) return;
  fail(ExitCode::kUsage,
       "compute.dtype {}: this CPU has no products of it; AVX-512 BF16 or AMX would be needed, and {} is in force\n"
       "  here   compute.dtype=f32",
       name_of(format), name_of(kernels::isa_in_force()));
}

}  // namespace

Trainer::Trainer(const Experiment& experiment, const Dataset& data, int threads, Reducer& reducer)
    : experiment_(experiment),
      data_(data),
      length_(length_of(experiment.spec(), data)),
      built_(build_model(experiment, data)),
      schedule_(experiment.spec().schedule.build()),
      pool_(threads),
      reducer_(reducer),
      own_lanes_(experiment.spec().model.facts().fitted_at_once ? Range{} : reducer.own_lanes(experiment.lanes())),
      lane_turns_(experiment.lanes(), own_lanes_, experiment.spec().train.accumulate) {
  const ExperimentSpec& spec = experiment_.spec();
  require_products(spec.products);
  if (schedule_->needs_total() && length_.total_steps == 0) {
    fail(ExitCode::kUsage,
         "schedule.kind {} needs to know the number of steps, and train.for is {}\n"
         "  give train.for in steps or epochs, or schedule.kind=constant",
         spec.schedule.kind(), config::print_period(spec.train.duration));
  }
  if (spec.model.facts().begins_from_run && !experiment_.origin()) {
    fail(ExitCode::kUsage,
         "model.heads.trunk frozen: only the heads are trained, and what they belong to is a trained run\n"
         "  of that run           --from RUN\n  all of it, together   model.heads.trunk=trained");
  }
  if (spec.eval.best == BestBy::kAccuracy && !built_.model->has_accuracy()) {
    fail(ExitCode::kUsage,
         "eval.best valid/accuracy: a {} model of this data has nothing to be right about\n  by likelihood   "
         "eval.best=valid/nll",
         spec.model.kind());
  }
  // Weights, what the optimizer keeps of them and their mean are there once, gradients for every lane. What is fitted at
  // once has none.
  std::unique_ptr<Optimizer> optimizer = spec.optimizer.build();
  const auto slots = static_cast<int64_t>(optimizer->slots().size());
  const int64_t parameters = built_.parameters->parameter_count(),
                copies = 2 + slots + static_cast<int64_t>(lane_turns_.arenas());
  require_memory(sizeof(float) * static_cast<double>(parameters) * static_cast<double>(copies),
                 fmt::format("training {} parameters in {} lanes", print_thousands(parameters), own_lanes_.size()),
                 "fewer lanes at a time   train.accumulate, compute.lanes=1, or a smaller model");
  updater_ = std::make_unique<Updater>(*built_.parameters, std::move(optimizer), spec.train.update, reducer_.ranks());
  for (size_t i = 0; i < lane_turns_.arenas(); ++i) gradients_.push_back(built_.parameters->like());
  for (int64_t lane = 0; lane < own_lanes_.size(); ++lane) statistics_.push_back(built_.parameters->statistics());
}

CheckpointIdentity Trainer::identity() const {
  CheckpointIdentity id;
  id.resolved_yaml = experiment_.resolved_yaml();
  id.fingerprint = fingerprint_of_run(history_, experiment_.fingerprint(data_));
  id.history = history_;
  id.lineage = experiment_.lineage(data_);
  id.data = data_.spec();
  id.data_hash = data_.hash();
  id.protocol = data_.protocol();
  id.data_description = data_.description();
  id.seed = experiment_.spec().seed;
  id.names = data_.names();
  if (const Vocabulary* vocabulary = data_.vocabulary()) id.vocabulary = *vocabulary;
  if (const CaptionStream* stream = data_.caption_stream()) id.caption_stream = *stream;
  if (const CodesDataset* codes = as_codes(data_)) id.stage_one = codes->stage_one();
  return id;
}

void Trainer::initialise() {
  const ExperimentSpec& spec = experiment_.spec();
  if (const auto& origin = experiment_.origin()) {
    const Checkpoint checkpoint = open_origin(*origin);
    require_weights_fit(checkpoint, experiment_, data_, built_);
    built_.parameters->initialise(spec.seed);  // for what the weights there have not
    checkpoint.read_beginning(*built_.parameters);
    updater_->begin_average();
    return;
  }
  built_.parameters->initialise(spec.seed);
  if (const auto facts = spec.model.facts(); facts.fitted_at_once) {
    take_weights_of_parts(facts.parts, built_);
    updater_->begin_average();
    return;
  }
  std::vector<int64_t> rows = epoch_order(spec.seed, 0, data_.count(Split::kTrain));
  rows.resize(std::min(rows.size(), static_cast<size_t>(spec.train.batch_size)));
  built_.model->initialise_from(*built_.parameters, data_.training_batch(rows, 0),
                                RandomStream(spec.seed, "init/from data"));
  updater_->begin_average();
}

void Trainer::restore(const Checkpoint& checkpoint) {
  checkpoint.read_parameters(*built_.parameters, /*average=*/false);
  checkpoint.read_updater(*built_.parameters, *updater_);
  state_ = checkpoint.state();
  history_ = checkpoint.identity().history;
}

void Trainer::share_beginning() {
  broadcast(reducer_.ranks(), &state_, 1);
  updater_->share_beginning();
}

LaneSums Trainer::compute_lane(int64_t lane, const StepBatch& batch, Tensor& gradients) {
  const int64_t of_run = own_lanes_.begin + lane;  // the lane among those of all ranks
  const Range part = slice(batch.count, experiment_.lanes(), of_run);
  Statistics& statistics = statistics_[static_cast<size_t>(lane)];
  for (Tensor& statistic : statistics) statistic.fill(0.0f);
  LaneSums sum;
  if (part.size() == 0) {
    std::memset(gradients.raw(), 0, gradients.bytes());
    return sum;
  }
  const ops::ProductFormat products(experiment_.spec().products);
  const RandomStream noise = batch.noise.at(static_cast<uint64_t>(of_run));
  int64_t piece = 0;
  built_.model->in_pieces(part.size(), [&](int64_t from, int64_t to) {
    const std::span<const int64_t> rows(epoch_order_.data() + batch.begin + part.begin + from,
                                        static_cast<size_t>(to - from));
    Pass pass(*built_.parameters, gradients, state_.step, piece == 0 ? noise : noise.at(static_cast<uint64_t>(piece)),
              {.accumulate = piece > 0, .statistics = &statistics, .recompute = experiment_.spec().recompute});
    const TrainingLoss found = built_.model->loss_and_nll(pass, data_.training_batch(rows, batch.epoch));
    sum.loss += static_cast<double>(found.loss.value().data<float>()[0]);
    sum.nll += found.nll;
    pass.backward(found.loss, 1.0f / static_cast<float>(batch.count));
    ++piece;
  });
  return sum;
}

Trainer::StepResult Trainer::step(const std::function<int()>& interrupted) {
  const ExperimentSpec& spec = experiment_.spec();
  if (spec.model.facts().fitted_at_once) return fit(interrupted);
  const int64_t epoch = state_.step / length_.steps_per_epoch, position = state_.step % length_.steps_per_epoch;
  if (epoch != ordered_epoch_) {
    epoch_order_ = epoch_order(spec.seed, epoch, data_.count(Split::kTrain));
    ordered_epoch_ = epoch;
  }
  const int64_t begin = position * spec.train.batch_size;
  const int64_t count = std::min(spec.train.batch_size, static_cast<int64_t>(epoch_order_.size()) - begin);
  const StepBatch batch = {epoch, begin, count,
                           RandomStream(spec.seed, "noise").at(static_cast<uint64_t>(state_.step))};
  std::vector<LaneSums> sums(statistics_.size());
  lane_turns_.step(
      [&](const Range& lanes, size_t first) {
        pool_.run(lanes.size(), [&](int64_t i) {
          const int64_t lane = lanes.begin - own_lanes_.begin + i;
          sums[static_cast<size_t>(lane)] = compute_lane(lane, batch, gradients_[first + static_cast<size_t>(i)]);
        });
      },
      [&](size_t first, size_t arenas) { updater_->fold_block(gradients_, first, arenas, pool_); });
  StepResult result;
  const LaneSums all = reducer_.sum(sums);
  result.loss = all.loss / static_cast<double>(count);
  result.nll = all.nll / static_cast<double>(count);
  result.count = count;
  const double factor = schedule_->factor(state_.step, length_);
  result.lr = factor * updater_->lr();
  if (!std::isfinite(result.loss)) {
    fail(ExitCode::kDiverged,
         "step {}: the loss is {}; the weights are as they were before this step\n"
         "  try a lower optim.lr, or train.clip_norm",
         state_.step + 1, in_words(result.loss));
  }
  std::vector<Tensor> of_lanes;
  for (const size_t arena : lane_turns_.arena_of_lane())
    of_lanes.push_back(arena == LaneTurns::kFolded ? Tensor() : gradients_[arena]);
  const Updater::Outcome outcome = updater_->apply(of_lanes, state_.step, factor, pool_, reducer_);
  if (!outcome.finite) {
    fail(ExitCode::kDiverged,
         "step {}: the gradient of {} is not finite (loss {}); the weights are as they were before this step\n"
         "  try a lower optim.lr, or train.clip_norm",
         state_.step + 1, updater_->not_finite(gradients_[0]), in_words(result.loss));
  }
  built_.model->after_step(reducer_.gather(statistics_));
  updater_->average_states(state_.step);
  result.gradient_norm = outcome.gradient_norm;
  count_step(result);
  return result;
}

void Trainer::count_step(const StepResult& result) {
  ++state_.step;
  const auto count = static_cast<double>(result.count);
  state_.log_loss.add(result.loss * count, result.count);
  state_.log_nll.add(result.nll * count, result.count);
  state_.log_norm.add(result.gradient_norm, 1);
  state_.evaluation_nll.add(result.nll * count, result.count);
}

Trainer::StepResult Trainer::fit(const std::function<int()>& interrupted) {
  const AutoregressiveModel& model = *built_.model->autoregressive();
  StepResult result;
  result.count = data_.count(Split::kValid);
  std::vector<std::vector<double>> nll(static_cast<size_t>(model.components()),
                                       std::vector<double>(static_cast<size_t>(result.count)));
  const EvaluateOptions options = valid_options(interrupted);
  for_batches(data_, Split::kValid, options, pool_, [&](std::span<const int64_t> rows, const Batch& batch) {
    const std::vector<std::vector<double>> part = model.nll_by_component(*built_.parameters, batch);
    for (size_t c = 0; c < part.size(); ++c) std::copy(part[c].begin(), part[c].end(), nll[c].begin() + rows[0]);
  });
  for (std::vector<double>& of_component : nll) share_figures(data_, Split::kValid, options, of_component);
  result.loss = result.nll = model.fit(*built_.parameters, nll);
  if (!std::isfinite(result.loss)) {
    fail(ExitCode::kDiverged, "the mean NLL of the valid split is {}, whatever the weights of the parts",
         in_words(result.loss));
  }
  updater_->begin_average();
  count_step(result);
  if (state_.step > 1) return result;  // a step that is only timed, of a dry run or a profile: it has been said
  const std::vector<TrainedPart> parts = experiment_.spec().model.facts().parts;
  const std::vector<std::pair<std::string, double>> weights = model.figures(*built_.parameters);
  log::info("fitted to the {} examples of the valid split", result.count);
  for (size_t k = 0; k < std::min(parts.size(), weights.size()); ++k)
    log::info("  {} {:.4f}   {}", weights[k].first, weights[k].second,
              in_words(Origin{parts[k].checkpoint, parts[k].run, parts[k].step, parts[k].sha256}));
  return result;
}

Trainer::AveragedWeights::AveragedWeights(Trainer& trainer) {
  const MovingAverage* average = trainer.updater_->average();
  if (!average) return;
  put(trainer.built_.parameters->flat(), average->weights);
  const std::vector<StateInfo>& states = trainer.built_.parameters->states();
  for (size_t i = 0; i < states.size(); ++i) {
    if (average->states[i].defined()) put(states[i].value, average->states[i]);
  }
}

void Trainer::AveragedWeights::put(Tensor place, const Tensor& average) {
  trained_.emplace_back(place, place.clone());
  place.copy_from(average);
}

Trainer::AveragedWeights::~AveragedWeights() {
  for (auto& [place, trained] : trained_) place.copy_from(trained);
}

EvaluateOptions Trainer::valid_options(const std::function<int()>& interrupted) const {
  return {.batch_size = experiment_.spec().eval.batch_size,
          .limit = {},
          .interrupted = [interrupted] { return interrupted && interrupted() != 0; },
          .ranks = reducer_.ranks()};
}

Evaluation Trainer::evaluate_valid(const std::function<int()>& interrupted) {
  return evaluate(*built_.model, *built_.parameters, data_, Split::kValid, valid_options(interrupted), pool_);
}

std::optional<Evaluation> Trainer::evaluate_train(const std::function<int()>& interrupted) {
  const int64_t size = experiment_.spec().eval.train.value_or((data_.count(Split::kValid) + 9) / 10);
  if (size == 0) return std::nullopt;
  const TrainSample sample(data_, size);
  return evaluate(*built_.model, *built_.parameters, sample, Split::kTrain, valid_options(interrupted), pool_);
}

void Trainer::rehearse() {
  {
    const AveragedWeights averaged(*this);
    EvaluateOptions options = valid_options(nullptr);
    options.limit = options.batch_size * pool_.threads();
    evaluate(*built_.model, *built_.parameters, data_, Split::kValid, options, pool_);
    preview();
  }
  checkpoint_image(identity(), state_, *built_.parameters, *updater_);
}

Preview Trainer::preview() {
  return preview_of(built_, data_, experiment_.spec().eval.samples, experiment_.spec().seed, pool_);
}

}  // namespace mlrun
