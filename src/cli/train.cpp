// mlrun train: prints the run directory on stdout, nothing else.
#include <fmt/ranges.h>

#include <limits>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/advice.hpp"
#include "base/log.hpp"
#include "cli/command.hpp"
#include "cli/commands.hpp"
#include "cli/terminal/progress.hpp"
#include "cli/words/threads.hpp"
#include "commands/train/dry_run.hpp"
#include "commands/train/train.hpp"
#include "io/json_line.hpp"
#include "runs/find_run.hpp"
#include "runs/run_json.hpp"
#include "train/signals.hpp"

namespace mlrun::cli {
namespace {

struct TrainOptions {
  std::vector<std::string> words;  // SPEC key=value ...
  std::string run_dir, name, group, resume, from, stop_after, threads = "auto", progress = "auto";
  std::vector<std::string> tags;
  std::optional<int64_t> seed;
  bool if_needed = false, allow_inexact = false, dry_run = false, mixed_cpus = false;
};

// The screen, with a row of samples below each evaluation where there is room. As soon as there is a run, signals are
// answered.
class PreviewingObserver : public ScreenObserver {
 public:
  using ScreenObserver::ScreenObserver;
  void opened() override {
    signals::install_stop(log::level() <= log::Level::kInfo
                              ? "finishing the step, then saving (once more: leave at once, without saving)"
                              : "");
  }
  void started(const RunHeader& header) override {
    directory_ = header.directory;
    ScreenObserver::started(header);
  }
  void sampled(const std::vector<io::Image>& images) override {
    if (wants_preview()) preview(images);
  }
  const std::string& directory() const { return directory_; }  // "" before there is one

 private:
  std::string directory_;
};

TrainRequest request_of(const TrainOptions& o, Ranks& ranks) {
  TrainRequest request(ranks);
  std::vector<std::string> words = o.words;
  int first = 1;
  if (!words.empty() && words[0].find('=') == std::string::npos) {
    request.spec = words[0];
    words.erase(words.begin());
    first = 2;
  }
  if (request.spec.empty() && (o.resume.empty() || o.resume == "auto")) {
    fail(ExitCode::kUsage, "train needs a spec: a YAML file or a run\n  start one   {} > made.yaml",
         advice::command({"config", "init", "made"}));
  }
  if (o.resume.empty() || o.resume == "auto") advice::accept_overrides();
  Overrides overrides;
  overrides.add_words(words, first);
  if (!o.name.empty()) overrides.add_option("--name", "name", o.name);
  if (!o.group.empty()) overrides.add_option("--group", "group", o.group);
  if (o.seed) overrides.add_option("--seed", "seed", fmt::format("{}", *o.seed));
  if (!o.from.empty()) overrides.add_option("--from", "origin.checkpoint", o.from);
  if (!o.tags.empty()) overrides.add_option("--tag", "tags", fmt::format("[{}]", fmt::join(o.tags, ", ")));
  request.overrides = overrides.texts;
  request.places = overrides.places;
  request.run_dir = o.run_dir;
  request.resume = o.resume;
  request.if_needed = o.if_needed;
  request.allow_inexact = o.allow_inexact;
  request.mixed_cpus = o.mixed_cpus;
  request.threads = threads_of(o.threads);
  if (!o.stop_after.empty()) {
    request.loop.stop_after = config::parse_period(o.stop_after);
    if (!request.loop.stop_after)
      fail(ExitCode::kUsage, "--stop-after: expected '2000 steps', '3 epochs', '55 min' or '2 h', found '{}'",
           o.stop_after);
  }
  request.loop.interrupted = signals::stop_signal;
  request.loop.save_requested = signals::take_save_request;
  return request;
}

// What `ls --json` says of the run, and how many steps all of it has.
nlohmann::ordered_json json_of(const TrainOutcome& outcome) {
  const RunSummary run = summarise_run(outcome.directory);
  nlohmann::ordered_json answer = run_json(run);
  answer["status"] = name_of(outcome.status);
  const int64_t steps = outcome.status == RunStatus::kFinished ? run.step : outcome.total_steps;
  answer["steps"] = steps > 0 ? nlohmann::ordered_json(steps) : nlohmann::ordered_json(nullptr);
  return answer;
}

void print_answer(const TrainOutcome& outcome, bool json) {
  if (json) fmt::print("{}\n", io::json_line(json_of(outcome)));
  else fmt::print("{}\n", outcome.directory);
}

void tell(const TrainOutcome& outcome) {
  const std::vector<std::string> resume = {"train", "--resume", outcome.directory};
  if (!outcome.reason.empty()) {
    log::info("{} is finished: {}", outcome.directory, outcome.reason);
  } else if (!outcome.trained) {
    std::vector<std::string> longer = resume;
    longer.push_back(fmt::format("train.for={} steps", 2 * outcome.total_steps));
    log::info("{} was finished before; nothing was trained{}", outcome.directory,
              outcome.total_steps > 0 ? "\n  longer   " + advice::command(longer) : "");
  }
  if (outcome.status != RunStatus::kFinished) log::info("go on with   {}", advice::launched(resume));
}

void end_as(const TrainOutcome& outcome) {
  if (outcome.status == RunStatus::kStopped) finish_with(ExitCode::kStopped);
  if (outcome.status == RunStatus::kInterrupted) finish_with(signals::exit_code(outcome.signal));
}

// Any rank but the first: it computes, hears signals, and ends as the first does.
void follow(const TrainRequest& request) {
  signals::install_stop("");
  TrainObserver nobody;
  end_as(train(request, nobody));
}

void run_train(const TrainOptions& o, const Globals& globals) {
  signals::install_save_request();
  if (o.dry_run) {
    if (globals.launch.rank == 0) print_dry_run(request_of(o, one_rank()), globals.json);
    return;
  }
  Ranks& ranks = globals.ranks();
  const TrainRequest request = request_of(o, ranks);
  if (!ranks.first()) return follow(request);
  const ProgressMode mode = globals.quiet ? ProgressMode::kNone : *parse_progress_mode(o.progress);
  PreviewingObserver observer(mode, screen_of(2, globals.color_choice()), software_versions());
  TrainOutcome outcome;
  try {
    outcome = train(request, observer);
  } catch (const Error&) {  // diverged, or the disk is full: there is a run all the same
    if (const std::string& run = observer.directory(); !run.empty())
      print_answer({run, summarise_run(run).status, "", true, 0}, globals.json);
    throw;
  }
  tell(outcome);
  print_answer(outcome, globals.json);
  end_as(outcome);
}

}  // namespace

void add_train(Command& command, const Globals& globals) {
  auto o = std::make_shared<TrainOptions>();
  set_examples(
      command,
      "mlrun train configs/made.yaml\n"
      "mlrun train configs/made.yaml optim.lr=3e-3 model.hidden=500,500 --seed 2\n"
      "run=$(mlrun train configs/made.yaml data.kind=digits)\n"
      "mlrun train --resume @last                       # go on after a stop, to the same bits\n"
      "mlrun train --resume @last 'train.for=40 epochs'   # longer\n"
      "mlrun train configs/made.yaml --from @last optim.lr=1e-4   # begin with the weights of another run\n"
      "mlrun train @last model.kind=nade                 # the spec of a run, with another model\n"
      "mlrun train configs/made.yaml --json | jq -r .valid_nll   # run, status, steps, best\n"
      "mlrun train configs/made.yaml --if-needed --resume auto   # in a sweep: only what is missing\n"
      "mpirun -n 2 mlrun train configs/made.yaml         # by two processes, here or on more machines: the same bits");
  command.add_option("SPEC", o->words, "a YAML file or a run, then overrides: section.key=value")
      ->type_name("SPEC|RUN [key=value]...")
      ->takes({{Value::kSpec, Value::kRun}}, OverrideWords{});
  command
      .add_option("-o,--run-dir", o->run_dir,
                  "the run's directory (default: a new one under MLRUN_RUN_ROOT or experiments)")
      ->type_name("DIR");
  command.add_option("--name", o->name,
                     "first part of the directory's name; '{model.kind}-s{seed}' takes fields of the spec");
  command
      .add_option("--group", o->group, "runs that are looked at together; a resumed or found run is in this one too")
      ->type_name("NAME")
      ->takes({{Value::kGroup}});
  command.add_option("--tag", o->tags, "a word to find the run by, or one more; may be repeated")->one_at_a_time();
  command.add_option("--seed", o->seed, "the same as seed=N")
      ->between(int64_t{0}, std::numeric_limits<int64_t>::max())
      ->type_name("N");
  command
      .add_option("--resume", o->resume,
                  "go on with a run; auto: with the unfinished run of this fingerprint, if there is one")
      ->type_name("RUN|auto")
      ->takes({{Value::kRun}, {"auto"}});
  command.add_option("--from", o->from, "take initial weights from a run or checkpoint: origin.checkpoint=CHECKPOINT")
      ->type_name("RUN|CHECKPOINT")
      ->takes({{Value::kRun, Value::kCheckpointFile}});
  command.add_flag("--if-needed", o->if_needed,
                   "a finished run with this fingerprint and an intact checkpoint is the answer, in whatever group");
  command.add_flag("--allow-inexact", o->allow_inexact, "resume although the spec differs; marks the run for good");
  command
      .add_option("--stop-after", o->stop_after,
                  "checkpoint and exit with 75 after '2000 steps', '3 epochs', '55 min' or '2 h'")
      ->type_name("PERIOD");
  command.add_flag(
      "-n,--dry-run", o->dry_run,
      "build, up to three real steps (a minute at most), then say parameters, memory and time; writes nothing");
  command.add_option("--threads", o->threads, "auto: the affinity mask; never decides the bits")
      ->type_name("N|auto")
      ->takes({{}, {"auto"}});
  add_mixed_cpus(command, o->mixed_cpus);
  command.add_option("--progress", o->progress, "auto, bar, lines or none")->one_of({"auto", "bar", "lines", "none"});
  command.callback([o, &globals] { run_train(*o, globals); });
}

}  // namespace mlrun::cli
