// mlrun prove: is it a likelihood?
#include <cstdio>

#include "base/log.hpp"
#include "base/number.hpp"
#include "cli/command.hpp"
#include "cli/commands.hpp"
#include "cli/terminal/text_table.hpp"
#include "cli/terminal/wrapped.hpp"
#include "cli/words/threads.hpp"
#include "proof/kept_proof.hpp"

namespace mlrun::cli {
namespace {

struct ProveOptions {
  std::string run, which = "best", threads = "auto";
  bool full = false, mixed_cpus = false;
};

void print_table(const ProveOutcome& proof) {
  TextTable table({"check", "result", "figure", "limit"});
  for (const ProofCheck& c : proof.checks) {
    table.add({c.name, c.pass ? "PASS" : "FAIL", fmt::format("{:.4g}", c.figure), fmt::format("{:.4g}", c.limit)});
  }
  print_fitting(table);
  for (const ProofCheck& c : proof.checks) print_wrapped(c.name + ": " + c.finding);
  if (proof.components > 1) {
    fmt::print("components: {} of {} one by one{}; nll() with all of them\n", proof.components_checked,
               proof.components, proof.components_checked < proof.components ? " (all: --full)" : "");
  }
}

void run_prove(const ProveOptions& o, const Globals& globals) {
  Ranks& ranks = globals.ranks();
  const ProveOutcome proof = prove({.selector = o.run,
                                    .which = o.which,
                                    .full = o.full,
                                    .threads = threads_of(o.threads),
                                    .ranks = ranks,
                                    .mixed_cpus = o.mixed_cpus});
  if (!proof.no_data.empty()) {
    log::warning("without the test data there is no check of the data floor, and own samples stand for rows: {}",
                 proof.no_data);
  }
  if (ranks.first()) keep_proof(proof);
  if (globals.json) fmt::print("{}\n", proof_json(proof));
  else print_table(proof);
  if (!proof.pass()) finish_with(ExitCode::kInternal);
}

}  // namespace

void add_prove(Command& command, const Globals& globals) {
  auto o = std::make_shared<ProveOptions>();
  set_examples(command,
               "mlrun prove @last\n"
               "mlrun prove step-000001500.h5 --full --json\n"
               "mpirun -n 2 mlrun prove @last               # by two processes: the same figures");
  add_run(command, o->run);
  command.add_option("--which", o->which, "checkpoint of the run: best, last or a step")
      ->type_name("best|last|STEP")
      ->takes({{Value::kCheckpoint}});
  command.add_flag("--full", o->full,
                   "every component of a mixture, the whole test split instead of 1000 rows, and every step of models "
                   "that look anew for each (ardm)");
  command.add_option("--threads", o->threads, "auto: the affinity mask")->type_name("N|auto")->takes({{}, {"auto"}});
  add_mixed_cpus(command, o->mixed_cpus);
  command.callback([o, &globals] { run_prove(*o, globals); });
}

}  // namespace mlrun::cli
