#include "train/training_loop.hpp"

#include <cmath>
#include <map>
#include <optional>

#include "base/cpu.hpp"
#include "base/error.hpp"
#include "base/log.hpp"
#include "base/stopwatch.hpp"
#include "train/throughput.hpp"

namespace mlrun {
namespace {

// What happens between steps. All decisions are functions of the state, so that a resumed run takes the same ones; but
// for those of periods in minutes, of signals and of requests, which never change the weights that a step has. These go
// by `now_`, what all processes of the run have agreed to see (Reducer::agree), and by nothing that one sees alone.
class TrainingLoop {
 public:
  TrainingLoop(Trainer& trainer, RunKeeper& keeper, TrainObserver& observer, const LoopOptions& options)
      : trainer_(trainer),
        spec_(trainer.experiment().spec()),
        keeper_(keeper),
        observer_(observer),
        identity_(trainer.identity()),
        options_(options),
        cpu_start_(process_cpu_seconds()),
        first_step_(trainer.state().step),
        saved_step_(first_step_) {}

  LoopOutcome run() {
    std::optional<Trainer::StepResult> last;  // of this process
    for (;;) {
      look();
      if (last && (due(spec_.train.log_every, state().logged_step, log_time_) || finished_steps())) log_row(*last);
      if (evaluation_due()) {
        if (saves_by_time() && unsaved_seconds() + evaluation_seconds_ >= spec_.checkpoint.every->seconds()) save();
        if (!evaluate_now()) return interrupted();
      }
      if (done()) return end(RunStatus::kFinished);
      if (now_.signal != 0) return interrupted();
      if (stop_due()) return end(RunStatus::kStopped);
      if (save_wanted_ || save_due()) save();
      const Stopwatch watch;
      const int64_t bytes = trainer_.reducer().ranks().bytes_sent();
      last = step();
      if (!last) return interrupted();
      wire_bytes_ += trainer_.reducer().ranks().bytes_sent() - bytes;
      const Trainer::StepResult& result = *last;
      trained_.examples += result.count;
      trained_.seconds += watch.seconds();
      observer_.stepped(
          {trainer_.state().step, result.loss, result.lr, result.gradient_norm, shown_.rate_at(trained_), elapsed()});
    }
  }

 private:
  TrainState& state() { return trainer_.state(); }
  double elapsed() const { return options_.before.seconds + watch_.seconds(); }
  double own_cpu_seconds() const { return process_cpu_seconds() - cpu_start_; }
  // Of all processes: the others as they were when they last agreed.
  double cpu_seconds() const {
    return options_.before.cpu_seconds + now_.cpu_seconds - cpu_when_agreed_ + own_cpu_seconds();
  }

  // What all have agreed to see from here on. A request for a checkpoint is kept until there is one.
  void look(bool broken_off = false) {
    cpu_when_agreed_ = own_cpu_seconds();
    now_ = trainer_.reducer().agree({.signal = options_.interrupted(),
                                     .save_requested = options_.save_requested(),
                                     .broken_off = broken_off,
                                     .seconds = elapsed(),
                                     .cpu_seconds = cpu_when_agreed_,
                                     .bytes_sent = wire_bytes_});
    save_wanted_ = save_wanted_ || now_.save_requested;
  }

  int64_t steps_of(const config::Period& p) const { return trainer_.length().steps_of(p); }
  // A period has come round at this step, and what it triggers was not yet done at it. `last`: the step when it was
  // done, and the time (seconds of training) when this process did it, or began.
  bool due(const config::Period& period, int64_t last_step, double last_time) {
    if (state().step <= last_step) return false;
    if (period.unit == config::Period::Unit::kMinutes) return now_.seconds - last_time >= period.seconds();
    return state().step % steps_of(period) == 0;
  }
  bool finished_steps() { return trainer_.length().total_steps > 0 && state().step >= trainer_.length().total_steps; }
  bool out_of_time() const {
    return trainer_.length().total_steps == 0 && now_.seconds >= spec_.train.duration.seconds();
  }
  bool out_of_patience() { return spec_.train.patience && state().evaluations_since_best >= *spec_.train.patience; }
  bool evaluation_due() {
    return due(spec_.eval.every, state().evaluated_step, evaluation_time_) ||
           ((finished_steps() || out_of_time()) && state().step > state().evaluated_step);
  }
  bool done() { return finished_steps() || out_of_time() || out_of_patience(); }

  bool stop_due() {
    if (!options_.stop_after) return false;
    const config::Period& p = *options_.stop_after;
    if (p.unit == config::Period::Unit::kMinutes) return now_.seconds - options_.before.seconds >= p.seconds();
    return state().step - first_step_ >= steps_of(p);
  }

  double unsaved_seconds() const { return now_.seconds - save_time_; }
  bool saves_by_time() {
    return spec_.checkpoint.every && spec_.checkpoint.every->unit == config::Period::Unit::kMinutes &&
           state().step > saved_step_;
  }
  bool save_due() {
    if (!spec_.checkpoint.every || state().step == saved_step_) return false;
    if (saves_by_time()) return unsaved_seconds() >= spec_.checkpoint.every->seconds();
    return state().step % steps_of(*spec_.checkpoint.every) == 0;
  }
  // Do equal runs have a checkpoint at this step? Those that the clock, a signal or a stop made are other ones in every
  // run: they stand behind these when old ones are removed, and are gone when the run is finished.
  bool lasting(int64_t step) const {
    const auto round = [&](const config::Period& p) {
      return p.unit != config::Period::Unit::kMinutes && step % steps_of(p) == 0;
    };
    return step > 0 && (round(spec_.eval.every) || (spec_.checkpoint.every && round(*spec_.checkpoint.every)));
  }

  std::map<std::string, double> place() {
    return {{"step", static_cast<double>(state().step)},
            {"epoch", static_cast<double>(state().step) / static_cast<double>(trainer_.length().steps_per_epoch)},
            {"time", elapsed()},
            {"cpu_seconds", cpu_seconds()}};
  }

  void log_row(const Trainer::StepResult& last) {
    std::map<std::string, double> row = place();
    row["nll"] = state().log_nll.mean();
    if (!trainer_.built().model->loss_is_nll()) row["loss"] = state().log_loss.mean();
    row["bpd"] = row["nll"] / (static_cast<double>(trainer_.built().model->predictions()) * std::log(2.0));
    row["lr"] = last.lr;
    row["grad_norm"] = state().log_norm.mean();
    row["items_per_s"] = trained_.rate_since(logged_);
    if (const Ranks& ranks = trainer_.reducer().ranks(); ranks.several() && state().step > wire_step_) {
      const auto steps = static_cast<double>(state().step - wire_step_);
      row["wire_bytes"] = static_cast<double>(now_.bytes_sent - logged_wire_bytes_) / steps / ranks.size();
    }
    keeper_.row("train", row);
    logged_ = trained_;
    logged_wire_bytes_ = now_.bytes_sent;
    wire_step_ = state().step;
    state().log_loss = state().log_nll = state().log_norm = {};
    state().logged_step = state().step;
    log_time_ = now_.seconds;
  }

  // What eval.best looks at: less is better.
  double judged(const Evaluation& valid) const {
    return spec_.eval.best == BestBy::kAccuracy ? 1 - valid.accuracy.value_or(0) : valid.nll;
  }

  // Nothing when a signal came in the middle of a step that can be broken off: it is done again by a resumed run.
  std::optional<Trainer::StepResult> step() {
    std::optional<Trainer::StepResult> result;
    try {
      result = trainer_.step(options_.interrupted);
    } catch (const Error& e) {
      if (e.code() != ExitCode::kInterrupted) throw;
      look(/*broken_off=*/true);
    }
    return result;
  }

  // False when a signal came in the middle: then nothing is recorded, and a resumed run evaluates first.
  bool evaluate_now() {
    EvaluationReport report;
    const double begin = now_.seconds;
    bool broken_off = false;
    try {
      trainer_.updater().share_average();
      const Trainer::AveragedWeights averaged(trainer_);
      report.valid = trainer_.evaluate_valid(options_.interrupted);
      report.train = trainer_.evaluate_train(options_.interrupted);
    } catch (const Error& e) {
      if (e.code() != ExitCode::kInterrupted) throw;
      broken_off = true;
    }
    look(broken_off);
    if (now_.broken_off) return false;
    evaluation_seconds_ = now_.seconds - begin;
    if (!std::isfinite(report.valid.nll))
      fail(ExitCode::kDiverged, "step {}: the NLL of the valid split is {}", state().step, in_words(report.valid.nll));
    report.step = state().step;
    report.train_nll = state().evaluation_nll.mean();
    report.items_per_s = trained_.rate_since(evaluated_);
    const double figure = judged(report.valid);
    const bool improved = figure < state().best;
    state().evaluations_since_best = improved ? 0 : state().evaluations_since_best + 1;
    if (improved) state().best = figure;
    report.best = improved || spec_.eval.best == BestBy::kLast;
    if (report.best) state().best_step = state().step;
    state().evaluation_nll = {};
    state().evaluated_step = state().step;
    std::map<std::string, double> row = place();
    report.epoch = row["epoch"];
    report.elapsed = row["time"];
    row["nll"] = report.valid.nll;
    row["nll_se"] = report.valid.nll_se;
    row["bpd"] = report.valid.bpd;
    if (report.train) row["train_nll"] = report.train->nll;
    if (report.valid.accuracy) row["accuracy"] = *report.valid.accuracy;
    if (report.valid.codes) row.merge(report.valid.codes->columns());
    if (report.valid.experts) row.merge(report.valid.experts->columns());
    for (const auto& [name, value] : trainer_.built().model->figures(*trainer_.built().parameters)) row[name] = value;
    keeper_.row("valid", row);
    keeper_.write_run_file(RunStatus::kRunning);
    save();
    report.saved = true;
    observer_.evaluated(report);
    warn_of_collapse(report.valid);
    draw_samples();
    evaluated_ = trained_;
    look();
    evaluation_time_ = now_.seconds;
    return true;
  }

  // Once: it rarely heals, and a message at every evaluation would hide the others.
  void warn_of_collapse(const Evaluation& valid) {
    if (warned_of_collapse_ || (!valid.codes && !valid.experts)) return;
    const std::string warning = valid.codes ? valid.codes->warning() : valid.experts->warning();
    if (!warning.empty()) log::warning("{}", warning);
    warned_of_collapse_ = !warning.empty();
  }

  // Pictures never stop a training.
  void draw_samples() {
    if (!keeper_.keeps() || spec_.eval.samples == 0 || !trainer_.data().has_pictures()) return;
    const Trainer::AveragedWeights averaged(trainer_);
    const Preview preview = trainer_.preview();
    if (preview.pictures.empty()) return;
    keeper_.pictures(state().step, preview.pictures, preview.columns);
    observer_.sampled(preview.pictures);
  }

  void save() {
    trainer_.updater().collect_state();
    keeper_.save(
        state().step,
        [this] { return checkpoint_image(identity_, state(), *trainer_.built().parameters, trainer_.updater()); },
        [this, best = state().best_step] {
          keeper_.prune_checkpoints({spec_.checkpoint.keep, spec_.checkpoint.keep, best},
                                    [this](int64_t step) { return lasting(step); });
        });
    trainer_.updater().forget_other_shares();
    saved_step_ = state().step;
    save_wanted_ = false;
    look();  // what comes from here on is not saved yet
    save_time_ = now_.seconds;
  }

  LoopOutcome end(RunStatus status) {
    LoopOutcome outcome = {status, {}, state().step > first_step_, now_.signal};
    if (status == RunStatus::kFinished && !finished_steps() && !out_of_time()) {
      outcome.reason = fmt::format("no new best in {} evaluations (train.patience)", state().evaluations_since_best);
    }
    if (saved_step_ != state().step || state().step == 0) save();
    keeper_.wait_for_saves();
    if (status == RunStatus::kFinished) {
      // The last one is what the run ends with, wherever that is.
      keeper_.prune_checkpoints({0, spec_.checkpoint.keep, state().best_step},
                                [&](int64_t step) { return step == state().step || lasting(step); });
    }
    io::Record record = {
        {"status", name_of(status)}, {"at_step", state().step}, {"time", elapsed()}, {"cpu_seconds", cpu_seconds()}};
    if (!outcome.reason.empty()) record["reason"] = outcome.reason;
    keeper_.note("status", record);
    keeper_.write_run_file(status);
    observer_.finished(status);
    return outcome;
  }
  LoopOutcome interrupted() { return end(RunStatus::kInterrupted); }

  Trainer& trainer_;
  const ExperimentSpec& spec_;
  RunKeeper& keeper_;
  TrainObserver& observer_;
  CheckpointIdentity identity_;
  const LoopOptions& options_;
  Stopwatch watch_;  // of this call
  double cpu_start_;
  int64_t first_step_;
  int64_t saved_step_;
  Throughput trained_;             // by this process so far
  Throughput logged_, evaluated_;  // what it was when a rate was last logged, and told by an evaluation
  ShownRate shown_;
  LocalSight now_;
  bool save_wanted_ = false;
  // Seconds of training when this process last did it, or began.
  double evaluation_time_ = options_.before.seconds, log_time_ = options_.before.seconds,
         save_time_ = options_.before.seconds;
  double evaluation_seconds_ = 0;  // that the last evaluation took
  bool warned_of_collapse_ = false;
  double cpu_when_agreed_ = 0;                               // of this process in this call
  int64_t wire_bytes_ = 0;                                   // that this rank has sent in steps
  int64_t logged_wire_bytes_ = 0, wire_step_ = first_step_;  // of all ranks, and the step, when they were last logged
};

}  // namespace

LoopOutcome run_training(Trainer& trainer, RunKeeper& keeper, TrainObserver& observer, const LoopOptions& options) {
  return TrainingLoop(trainer, keeper, observer, options).run();
}

}  // namespace mlrun
