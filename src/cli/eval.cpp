// mlrun eval: the exact likelihood of a split.
#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "base/log.hpp"
#include "cli/command.hpp"
#include "cli/commands.hpp"
#include "cli/eval/answer.hpp"
#include "cli/words/constraint.hpp"
#include "cli/words/threads.hpp"
#include "commands/eval/eval.hpp"
#include "commands/eval/eval_constraint.hpp"
#include "commands/eval/eval_region.hpp"
#include "runs/find_run.hpp"
#include "runs/select_runs.hpp"

namespace mlrun::cli {
namespace {

struct EvalOptions {
  std::string run, split = "test", which = "best", per_example, region, threads = "auto";
  ConstraintRequest constraint;
  std::vector<std::string> words;
  int64_t orders = 0, draws = 1, codes = 1, named = 0;
  bool mixed_cpus = false;
};

// How likely samples are to be something.
void run_constraint(const EvalOptions& o, const Globals& globals) {
  ConstraintRequest request = o.constraint;
  request.selector = o.run;
  request.which = o.which;
  request.threads = threads_of(o.threads);
  request.mixed_cpus = o.mixed_cpus;
  if (!o.words.empty())
    fail(ExitCode::kUsage, "{}: samples are drawn, and no data are asked\n  without   {}", request.source.words(),
         o.words.front());
  print_answer(evaluate_constraint(request, globals.ranks()), request.source.words(), globals);
}

// The runs that RUN and the further words without '=' stand for; these words go.
std::vector<std::string> runs_asked_for(EvalOptions& o) {
  std::vector<std::string> selectors = {o.run};
  const auto begin = std::stable_partition(o.words.begin(), o.words.end(),
                                           [](const std::string& word) { return word.find('=') != std::string::npos; });
  selectors.insert(selectors.end(), begin, o.words.end());
  o.words.erase(begin, o.words.end());
  if (selectors.size() == 1 && (!o.run.starts_with('@') || o.run.find(':') == std::string::npos)) return selectors;
  std::vector<std::string> paths;
  for (const RunSummary& run : select_runs(selectors)) paths.push_back(run.path);
  return paths;
}

// One after the other; a run that cannot be judged is told of, and its exit code is that of all.
void eval_each(const std::vector<std::string>& runs, EvalRequest request, const std::string& split,
               const Globals& globals) {
  if (!request.per_example.empty())
    fail(ExitCode::kUsage, "--per-example {}: is of one run, and here are {}", request.per_example, runs.size());
  std::vector<EvalOutcome> answers;
  ExitCode worst = ExitCode::kDone;
  for (const std::string& run : runs) {
    request.selector = run;
    try {
      answers.push_back(evaluate_checkpoint(request));
      if (globals.json) print_answer(answers.back(), split, globals);  // each as soon as it is known
    } catch (const Error& e) {
      const std::string message = e.what();
      log::warning("left out: {}{}", message.starts_with(run) ? "" : run + ": ", message);
      if (worst == ExitCode::kDone) worst = e.code();
    }
  }
  if (!answers.empty() && !globals.json) print_answers(answers, split);
  if (worst != ExitCode::kDone) finish_with(worst);
}

void run_eval(EvalOptions o, const Globals& globals) {
  const std::vector<std::string> runs = runs_asked_for(o);
  if (runs.size() > 1 && (o.constraint.source.any() || !o.region.empty()))
    fail(ExitCode::kUsage, "{} is asked of one run, and here are {}\n  one of them   {}",
         o.region.empty() ? "a constraint" : "--region", runs.size(), runs.front());
  o.run = runs.front();
  if (o.constraint.source.any()) return run_constraint(o, globals);
  Overrides overrides;
  overrides.add_words(o.words, 2);
  const EvalRequest request = {.selector = o.run,
                               .which = o.which,
                               .split = split_named(o.split),
                               .overrides = overrides.texts,
                               .places = overrides.places,
                               .per_example = o.per_example,
                               .orders = o.orders > 0 ? std::optional(o.orders) : std::nullopt,
                               .draws = o.draws,
                               .codes = o.codes,
                               .named = o.named > 0 ? std::optional(o.named) : std::nullopt,
                               .threads = threads_of(o.threads),
                               .ranks = globals.ranks(),
                               .mixed_cpus = o.mixed_cpus};
  if (runs.size() > 1) return eval_each(runs, request, o.split, globals);
  if (!o.region.empty()) return print_answer(evaluate_region(request, o.region), o.region, o.split, globals);
  print_answer(evaluate_checkpoint(request), o.split, globals);
}

}  // namespace

void add_eval(Command& command, const Globals& globals) {
  auto o = std::make_shared<EvalOptions>();
  set_examples(command,
               "mlrun eval @last\n"
               "mlrun eval @last --split valid --which last\n"
               "mlrun eval @group:lr --split test           # all runs of a group, a row each\n"
               "mlrun eval experiments/made-20261124-143005-7be1 --json\n"
               "mlrun eval @last --orders 128               # eonade: the mixture of 128 orders\n"
               "mlrun eval @last data.kind=digits           # on other data than it was trained on\n"
               "mlrun eval @last --draws 5                  # dynamic binarization: mean over 5 draws\n"
               "mlrun eval @last --codes 64                 # a prior over codes: a tighter bound\n"
               "mlrun eval @last --named 500                # of captions: so many images are named among all\n"
               "mlrun eval @last --match '[A-Z]+:\\n.*'       # of a text: how likely a sample is to begin so\n"
               "mlrun eval @last --region top               # of the lower half, given the upper one\n"
               "mlrun eval step-000001500.h5 --per-example nll.h5\n"
               "mpirun -n 2 mlrun eval @last                # by two processes: the same bits");
  add_run(command, o->run);
  command
      .add_option("OVERRIDE", o->words,
                  "further runs; or key=value: another value of a field of eval, or of data: other data of the same "
                  "shape and alphabet; the answer then says so, and is not kept in the run")
      ->type_name("RUN|key=value")
      ->takes({{Value::kRuns}}, OverrideWords{.behind_first = false, .sections = {"data", "eval"}});
  command.add_option("--split", o->split, "train, valid or test")->one_of({"train", "valid", "test"});
  command.add_option("--which", o->which, "checkpoint of the run: best, last or a step")
      ->type_name("best|last|STEP")
      ->takes({{Value::kCheckpoint}});
  command.add_option("--per-example", o->per_example, "also write the NLL of every example to this HDF5 file")
      ->type_name("FILE.h5");
  command
      .add_option("--orders", o->orders, "eonade: how many orders the mixture has (default: model.orders of its spec)")
      ->between(int64_t{1}, int64_t{4096})
      ->type_name("K");
  command
      .add_option("--codes", o->codes,
                  "a prior over codes: how many code maps near the encoding are summed for each image (1: the encoding "
                  "alone), or draws of an encoder that draws; more make the bound tighter")
      ->between(int64_t{1}, int64_t{1'000'000})
      ->type_name("K");
  command
      .add_option(
          "--named", o->named,
          "of captions and pictures: how many images are named among all captions there are, a pass for each of "
          "them (default: as many as make 100000 passes)")
      ->between(int64_t{1}, int64_t{10'000'000})
      ->type_name("N");
  Option* region =
      command
          .add_option("--region", o->region,
                      "the part of each image that is known; the NLL is that of the rest given it: top, left, right, "
                      "bottom, center, checker, rect:R0,C0,R1,C1 (rows R0 to R1-1, columns C0 to C1-1), or a mask.png "
                      "(white: known); of a table columns:A,B,C..D, by names or by numbers from 1")
          ->type_name("KNOWN")
          ->takes({{Value::kKnownPart}});
  command.add_option("--draws", o->draws, "binarizations of the split that the result is averaged over (dynamic only)")
      ->between(int64_t{1}, int64_t{1000})
      ->excludes(region)
      ->type_name("K");
  const std::vector<Option*> constraints = add_constraint_options(command, o->constraint.source, nullptr);
  for (Option* each : constraints) each->excludes(region);
  command
      .add_option(
          "--samples", o->constraint.samples,
          "of a constraint: samples that its probability is the mean of, drawn step by step among what is allowed")
      ->between(int64_t{2}, int64_t{1'000'000})
      ->type_name("N");
  command
      .add_option("--length", o->constraint.length, "of a constraint: symbols of a sample (default: as in training)")
      ->between(int64_t{1}, int64_t{1} << 28)
      ->type_name("N");
  add_mixed_cpus(command, o->mixed_cpus);
  command.add_option("--threads", o->threads, "auto: the affinity mask")->type_name("N|auto")->takes({{}, {"auto"}});
  command.callback([o, &globals] { run_eval(*o, globals); });
}

}  // namespace mlrun::cli
