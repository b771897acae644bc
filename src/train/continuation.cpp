#include "train/continuation.hpp"

#include <cmath>

#include "base/advice.hpp"
#include "base/error.hpp"
#include "io/file.hpp"

namespace mlrun {
namespace {

std::string differences_of(const Experiment& before, const Experiment& now, const std::string& data_before,
                           const std::string& data_now, const char* separator) {
  std::string text;
  const auto add = [&](const std::string& path, const std::string& left, const std::string& right) {
    text += fmt::format("{}{}: {} there, {} here", text.empty() && separator[0] != '\n' ? "" : separator, path,
                        left.empty() ? "nothing" : left, right.empty() ? "nothing" : right);
  };
  for (const config::Difference& d : config::differences(before.fields(), now.fields())) {
    if (!is_bookkeeping(d.path)) add(d.path, d.left, d.right);
  }
  if (data_before != data_now) add("data", fmt::format("sha256 {:.12}", data_before), fmt::format("{:.12}", data_now));
  return text;
}

// The command that trains what is wanted in a run of its own, from the weights of this one.
std::string from_weights(const Experiment& before, const Experiment& wanted, const std::string& run) {
  std::vector<std::string> words = {"train", run};
  for (const config::Difference& d : config::differences(before.fields(), wanted.fields())) {
    if (!d.right.empty() && !is_bookkeeping(d.path) && !d.path.starts_with("origin."))
      words.push_back(d.path + "=" + d.right);
  }
  words.insert(words.end(), {"--from", run});
  return advice::command(words);
}

// A run that was trained further than the spec says would be passed off as a shorter one.
void require_enough(const Trainer& trainer, const Experiment& before, const TrainState& state, const RunSummary& run) {
  const config::Period& wanted = trainer.experiment().spec().train.duration;
  const TrainingLength length = trainer.length();
  if (length.total_steps > 0 && state.step > length.total_steps) {
    fail(ExitCode::kUsage,
         "{} has trained {} steps, and train.for={} is {}: a run cannot be made shorter, and nothing was changed\n"
         "  go on with it              {}\n"
         "  a shorter run of its own   {}",
         run.path, state.step, config::print_period(wanted), length.total_steps,
         advice::command({"train", "--resume", run.path, fmt::format("train.for={} steps", 2 * state.step)}),
         advice::command({"train", run.path, "train.for=" + config::print_period(wanted)}));
  }
  if (length.total_steps == 0 && wanted != before.spec().train.duration && run.seconds > wanted.seconds()) {
    fail(ExitCode::kUsage,
         "{} has trained for {:.1f} min, and train.for is {}: a run cannot be made shorter, and nothing was changed\n"
         "  go on with it   {}",
         run.path, run.seconds / 60, config::print_period(wanted),
         advice::command(
             {"train", "--resume", run.path, fmt::format("train.for={:.0f} min", std::ceil(run.seconds / 30))}));
  }
}

// Why a run of the longer (or shorter) spec would not have made the steps of this segment; "" if it would have.
std::string departure_of_length(const Trainer& trainer, const Experiment& before, const TrainState& state,
                                int64_t segment_begin) {
  const TrainingLength now = trainer.length();
  TrainingLength then = now;
  const config::Period& duration = before.spec().train.duration;
  then.total_steps = duration.unit == config::Period::Unit::kMinutes ? 0 : now.steps_of(duration);
  const std::unique_ptr<Schedule> schedule = before.spec().schedule.build();
  const std::string lengths = fmt::format("train.for: {} there, {} here", config::print_period(duration),
                                          config::print_period(trainer.experiment().spec().train.duration));
  for (int64_t step = segment_begin; step < state.step; ++step) {
    if (trainer.schedule().factor(step, now) == schedule->factor(step, then)) continue;
    const double lr = trainer.lr();
    return fmt::format("{}; with schedule.kind {} the learning rate goes from {:.3g} to {:.3g} at step {}", lengths,
                       before.spec().schedule.kind(), lr * schedule->factor(state.step - 1, then),
                       lr * trainer.schedule().factor(state.step, now), state.step);
  }
  // Evaluations by the clock are where they are, whatever the length.
  if (trainer.experiment().spec().eval.every.unit == config::Period::Unit::kMinutes) return "";
  const int64_t at = state.evaluated_step, every = now.steps_of(trainer.experiment().spec().eval.every);
  if (at > segment_begin && at % every != 0 && (now.total_steps == 0 || at < now.total_steps))
    return fmt::format("{}; the run was evaluated at its end then, step {}, and is not there now", lengths, at);
  return "";
}

}  // namespace

CheckpointIdentity beginning_of(const RunDirectory& run, const RunSummary& so_far, const Dataset& data) {
  const std::string file = run.file("resolved.yaml");
  const Experiment begun = Experiment::load(file, {});
  CheckpointIdentity id;
  id.resolved_yaml = io::read_text_file(file, 1 << 20, ExitCode::kDisk);
  id.data_hash = so_far.data_hash.empty() ? data.hash() : so_far.data_hash;
  const bool same_data = id.data_hash == data.hash();
  id.lineage = same_data ? begun.lineage(data) : so_far.lineage;
  id.fingerprint = same_data ? begun.fingerprint(data) : so_far.fingerprint;
  return id;
}

Continuation continue_under(const Trainer& trainer, const CheckpointIdentity& saved, const TrainState& state,
                            const RunSummary& run, bool allow_inexact) {
  const Experiment& wanted = trainer.experiment();
  const std::string fingerprint = wanted.fingerprint(trainer.data());
  Continuation same{saved.history, false, ""};
  if (fingerprint_of_run(saved.history, fingerprint) == saved.fingerprint) return same;

  const Experiment before = Experiment::from_text(saved.resolved_yaml, run.path + "/resolved.yaml");
  const bool only_longer = wanted.lineage(trainer.data()) == saved.lineage;
  const int64_t begin = saved.history.empty() ? 0 : saved.history.back().end;
  std::string departure = only_longer ? departure_of_length(trainer, before, state, begin)
                                      : differences_of(before, wanted, saved.data_hash, trainer.data().hash(), "; ");
  if (!only_longer && departure.empty()) departure = "another version of mlrun, with other numerics";
  Continuation other{saved.history, true, ""};
  if (state.step > begin && !departure.empty()) {
    other.departure = departure;
    other.history.push_back({begin, state.step, saved.fingerprint, saved.resolved_yaml, departure});
  } else if (!departure.empty() && !saved.history.empty()) {  // a segment without steps leaves none
    other.departure = departure;
    other.history.back().departure += "; " + departure;
  }
  const bool allowed_before = run.fingerprint == fingerprint_of_run(other.history, fingerprint);
  if (!only_longer && !allow_inexact && !allowed_before) {
    const std::string text = differences_of(before, wanted, saved.data_hash, trainer.data().hash(), "\n  ");
    fail(ExitCode::kUsage,
         "{} was begun with another spec; only train.for may change on resume{}\n"
         "  start a new run from its weights   {}\n"
         "  or insist (not exact any more)     {}",
         run.path, text.empty() ? "\n  numerics version" : text, from_weights(before, wanted, run.path),
         advice::again({"--allow-inexact"}));
  }
  require_enough(trainer, before, state, run);
  return other;
}

}  // namespace mlrun
