// mlrun train: prints the run directory on stdout, nothing else.
#include <fmt/ranges.h>

#include <cstdio>

#include "base/log.hpp"
#include "base/shell_word.hpp"
#include "cli/command.hpp"
#include "cli/progress.hpp"
#include "cli/threads.hpp"
#include "run/dry_run.hpp"
#include "run/signals.hpp"
#include "run/train_command.hpp"

namespace mlrun::cli {
namespace {

struct Options {
  std::vector<std::string> words;  // SPEC key=value ...
  std::string run_dir, name, group, seed, resume, from, stop_after, threads = "auto", progress = "auto";
  std::vector<std::string> tags;
  bool if_needed = false, allow_inexact = false, dry_run = false;
};

// The screen, with a row of samples below each evaluation where there is room. From the first line on there is a run to
// save, and signals are answered.
class PreviewingObserver : public ScreenObserver {
 public:
  using ScreenObserver::ScreenObserver;
  void started(const RunHeader& header) override {
    directory_ = header.directory;
    signals::install(log::level() <= log::Level::kInfo
                         ? "finishing the step, then saving (once more: leave at once, without saving)"
                         : "");
    ScreenObserver::started(header);
  }
  void sampled(const std::vector<io::Image>& images) override {
    if (wants_preview()) preview(images);
  }
  const std::string& directory() const { return directory_; }  // "" before there is one

 private:
  std::string directory_;
};

TrainRequest request_of(const Options& o) {
  TrainRequest request;
  std::vector<std::string> words = o.words;
  int first = 1;
  if (!words.empty() && words[0].find('=') == std::string::npos) {
    request.spec = words[0];
    words.erase(words.begin());
    first = 2;
  }
  if (request.spec.empty() && (o.resume.empty() || o.resume == "auto")) {
    fail(ExitCode::kUsage,
         "train needs a spec\n  for instance   mlrun train configs/made.yaml\n  or start one   mlrun config init > "
         "my.yaml");
  }
  Overrides overrides;
  overrides.add_words(words, first);
  if (!o.name.empty()) overrides.add_option("--name", "name", o.name);
  if (!o.group.empty()) overrides.add_option("--group", "group", o.group);
  if (!o.seed.empty()) overrides.add_option("--seed", "seed", o.seed);
  if (!o.from.empty()) overrides.add_option("--from", "origin.checkpoint", o.from);
  if (!o.tags.empty()) overrides.add_option("--tag", "tags", fmt::format("[{}]", fmt::join(o.tags, ", ")));
  request.overrides = overrides.texts;
  request.places = overrides.places;
  request.run_dir = o.run_dir;
  request.resume = o.resume;
  request.if_needed = o.if_needed;
  request.allow_inexact = o.allow_inexact;
  request.threads = threads_of(o.threads);
  if (!o.stop_after.empty()) {
    request.loop.stop_after = config::parse_period(o.stop_after);
    if (!request.loop.stop_after)
      fail(ExitCode::kUsage, "--stop-after: expected '2000 steps', '3 epochs' or '55 min', found '{}'", o.stop_after);
  }
  request.loop.interrupted = signals::stop_signal;
  request.loop.save_requested = signals::take_save_request;
  return request;
}

// As it works from where the user stands, who may have given -C.
std::string resume_command(const std::string& run, const Globals& globals) {
  return fmt::format("mlrun {}train --resume {}",
                     globals.directory.empty() ? "" : fmt::format("-C {} ", shell_word(globals.directory)),
                     shell_word(run));
}

void tell(const TrainOutcome& outcome, const Globals& globals) {
  const std::string again = resume_command(outcome.directory, globals);
  if (!outcome.reason.empty()) log::info("{} is finished: {}", outcome.directory, outcome.reason);
  else if (!outcome.trained)
    log::info("{} was finished before; nothing was trained\n  longer   {} 'train.for=PERIOD'", outcome.directory,
              again);
  if (outcome.status != "finished") log::info("go on with   {}", again);
}

void run(const Options& o, const Globals& globals) {
  const TrainRequest request = request_of(o);
  if (o.dry_run) {
    print_dry_run(request, globals.json);
    return;
  }
  const ProgressMode mode = globals.quiet ? ProgressMode::kNone : *parse_progress_mode(o.progress);
  PreviewingObserver observer(mode, screen_of(2, globals.color_choice()), software_versions());
  TrainOutcome outcome;
  try {
    outcome = train(request, observer);
  } catch (const Error&) {  // diverged, or the disk is full: there is a run all the same
    if (!observer.directory().empty()) std::puts(observer.directory().c_str());
    throw;
  }
  tell(outcome, globals);
  fmt::print("{}\n", outcome.directory);
  if (outcome.status == "stopped") finish_with(ExitCode::kStopped);
  if (outcome.status == "interrupted") finish_with(signals::exit_code());
}

void add(Command& app, const Globals& globals) {
  Command* sub = app.add_subcommand("train", "train a model; prints the run directory");
  auto o = std::make_shared<Options>();
  set_examples(*sub,
               "mlrun train configs/made.yaml\n"
               "mlrun train configs/made.yaml optim.lr=3e-3 model.hidden=500,500 --seed 2\n"
               "run=$(mlrun train configs/made.yaml data.kind=digits)\n"
               "mlrun train --resume @last                       # go on after a stop, to the same bits\n"
               "mlrun train --resume @last 'train.for=40 epochs'   # longer\n"
               "mlrun train configs/made.yaml --from @last optim.lr=1e-4   # begin with the weights of another run\n"
               "mlrun train configs/made.yaml --if-needed --resume auto   # in a sweep: only what is missing");
  sub->add_option("SPEC", o->words, "a YAML file or a run, then overrides: section.key=value")
      ->type_name("SPEC|RUN [key=value]...");
  sub->add_option("-o,--run-dir", o->run_dir,
                  "the run's directory (default: a new one under MLRUN_RUN_ROOT or experiments)")
      ->type_name("DIR");
  sub->add_option("--name", o->name,
                  "first part of the directory's name; '{model.kind}-s{seed}' takes fields of the spec");
  sub->add_option("--group", o->group, "runs that are looked at together; a resumed or found run is in this one too");
  sub->add_option("--tag", o->tags, "a word to find the run by, or one more; may be repeated");
  sub->add_option("--seed", o->seed, "the same as seed=N")->type_name("N");
  sub->add_option("--resume", o->resume,
                  "go on with a run; auto: with the unfinished run of this fingerprint, if there is one")
      ->type_name("RUN|auto");
  sub->add_option("--from", o->from, "take initial weights from a run or checkpoint: origin.checkpoint=CHECKPOINT")
      ->type_name("CHECKPOINT");
  sub->add_flag("--if-needed", o->if_needed,
                "a finished run with this fingerprint and an intact checkpoint is the answer, in whatever group");
  sub->add_flag("--allow-inexact", o->allow_inexact, "resume although the spec differs; marks the run for good");
  sub->add_option("--stop-after", o->stop_after,
                  "checkpoint and exit with 75 after '2000 steps', '3 epochs' or '55 min'")
      ->type_name("PERIOD");
  sub->add_flag(
      "-n,--dry-run", o->dry_run,
      "build, up to three real steps (a minute at most), then say parameters, memory and time; writes nothing");
  sub->add_option("--threads", o->threads, "auto: the affinity mask; never decides the bits")->type_name("N|auto");
  sub->add_option("--progress", o->progress, "auto, bar, lines or none")->one_of({"auto", "bar", "lines", "none"});
  sub->callback([o, &globals] { run(*o, globals); });
}

[[maybe_unused]] const bool registered = register_command(10, add);

}  // namespace
}  // namespace mlrun::cli
