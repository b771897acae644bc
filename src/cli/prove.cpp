// mlrun prove: is it a likelihood?
#include <cstdio>
#include <nlohmann/json.hpp>

#include "base/log.hpp"
#include "base/number.hpp"
#include "cli/command.hpp"
#include "cli/terminal/text_table.hpp"
#include "cli/threads.hpp"
#include "proof/prove.hpp"

namespace mlrun::cli {
namespace {

struct Options {
  std::string run, which = "best", threads = "auto";
  bool full = false;
};

void print_json(const ProveOutcome& proof) {
  nlohmann::ordered_json checks = nlohmann::ordered_json::array();
  for (const ProofCheck& c : proof.checks) {
    checks.push_back(
        {{"name", c.name}, {"pass", c.pass}, {"figure", c.figure}, {"limit", c.limit}, {"finding", c.finding}});
  }
  const nlohmann::ordered_json answer = {{"checks", checks},
                                         {"pass", proof.pass()},
                                         {"checkpoint", proof.checkpoint},
                                         {"components", proof.components},
                                         {"components_checked", proof.components_checked}};
  fmt::print("{}\n", answer.dump());
}

void print_table(const ProveOutcome& proof) {
  TextTable table({"check", "result", "figure", "limit"});
  for (const ProofCheck& c : proof.checks) {
    table.add({c.name, c.pass ? "PASS" : "FAIL", fmt::format("{:.4g}", c.figure), fmt::format("{:.4g}", c.limit)});
  }
  fmt::print("{}", table.plain());
  for (const ProofCheck& c : proof.checks) fmt::print("{}: {}\n", c.name, c.finding);
  if (proof.components > 1) {
    fmt::print("components: {} of {} one by one{}; nll() with all of them\n", proof.components_checked,
               proof.components, proof.components_checked < proof.components ? " (all: --full)" : "");
  }
}

void run(const Options& o, const Globals& globals) {
  const ProveOutcome proof =
      prove({.selector = o.run, .which = o.which, .full = o.full, .threads = threads_of(o.threads)});
  if (!proof.no_data.empty()) {
    log::warning("without the test data there is no check of the data floor, and own samples stand for rows: {}",
                 proof.no_data);
  }
  if (globals.json) print_json(proof);
  else print_table(proof);
  if (!proof.pass()) finish_with(ExitCode::kInternal);
}

void add(Command& app, const Globals& globals) {
  Command* sub = app.add_subcommand(
      "prove",
      "is it a likelihood? no logit sees its own or a later symbol, both views agree, probabilities sum to 1, samples "
      "have the entropy they should, and the test NLL is above the noise in the data. Exit 0: all pass; 1: a check "
      "failed");
  auto o = std::make_shared<Options>();
  set_examples(*sub,
               "mlrun prove @last\n"
               "mlrun prove step-000001500.h5 --full --json");
  sub->add_option("RUN", o->run,
                  "a run (directory, id, prefix of one, @last, @best:valid/nll, @group:NAME@best) or a checkpoint file")
      ->required()
      ->type_name("RUN|CHECKPOINT")
      ->takes({{Value::kRun, Value::kCheckpointFile}});
  sub->add_option("--which", o->which, "checkpoint of the run: best, last or a step")
      ->type_name("best|last|STEP")
      ->takes({{Value::kCheckpoint}});
  sub->add_flag("--full", o->full, "every component of a mixture, and the whole test split instead of 1000 rows");
  sub->add_option("--threads", o->threads, "auto: the affinity mask")->type_name("N|auto")->takes({{}, {"auto"}});
  sub->callback([o, &globals] { run(*o, globals); });
}

[[maybe_unused]] const bool registered = register_command(34, add);

}  // namespace
}  // namespace mlrun::cli
