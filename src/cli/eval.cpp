// mlrun eval: the exact likelihood of a split.
#include <cstdio>
#include <nlohmann/json.hpp>

#include "base/log.hpp"
#include "cli/command.hpp"
#include "cli/help.hpp"
#include "cli/text_table.hpp"
#include "cli/threads.hpp"
#include "run/eval_command.hpp"
#include "run/signals.hpp"

namespace mlrun::cli {
namespace {

struct Options {
  std::string run, split = "test", which = "best", per_example, threads = "auto";
  std::vector<std::string> words;
};

void run(const Options& o, const Globals& globals) {
  signals::install();
  Overrides overrides;
  overrides.add_words(o.words, 2);
  const EvalOutcome e = evaluate_checkpoint({.selector = o.run,
                                             .which = o.which,
                                             .split = split_named(o.split),
                                             .overrides = overrides.texts,
                                             .places = overrides.places,
                                             .per_example = o.per_example,
                                             .threads = threads_of(o.threads),
                                             .interrupted = [] { return signals::stop_signal() != 0; }});
  if (globals.json) {
    const nlohmann::ordered_json answer = {
        {"run", e.run},        {"checkpoint", e.checkpoint}, {"step", e.step},
        {"split", o.split},    {"protocol", e.protocol},     {"count", e.result.count},
        {"nll", e.result.nll}, {"nll_se", e.result.nll_se},  {"bpd", e.result.bpd},
        {"bound", false},      {"seconds", e.result.seconds}};
    fmt::print("{}\n", answer.dump());
    return;
  }
  TextTable table({"split", "images", "nll (nats)", "bits/dim", "img/s", "protocol", "step"});
  table.add({o.split, fmt::format("{}", e.result.count), fmt::format("{:.3f} +- {:.3f}", e.result.nll, e.result.nll_se),
             fmt::format("{:.4f}", e.result.bpd), human_rate(static_cast<double>(e.result.count) / e.result.seconds),
             e.protocol, fmt::format("{}", e.step)});
  fmt::print("{}", table.plain());
}

void add(CLI::App& app, const Globals& globals) {
  CLI::App* sub = app.add_subcommand("eval", "likelihood of a split: mean, standard error, bits/dim");
  auto o = std::make_shared<Options>();
  set_examples(*sub,
               "mlrun eval @last\n"
               "mlrun eval @last --split valid --which last\n"
               "mlrun eval experiments/made-20261124-143005-7be1 --json\n"
               "mlrun eval step-000001500.h5 --per-example nll.h5");
  sub->add_option("RUN", o->run, "a run (directory, id, prefix of one, @last, @best:valid/nll) or a checkpoint file")
      ->required()
      ->type_name("RUN|CHECKPOINT");
  sub->add_option("key=value", o->words, "overrides of data.* and eval.*");
  sub->add_option("--split", o->split, "train, valid or test")->check(CLI::IsMember({"train", "valid", "test"}));
  sub->add_option("--which", o->which, "checkpoint of the run: best, last or a step")->type_name("best|last|STEP");
  sub->add_option("--per-example", o->per_example, "also write the NLL of every example to this HDF5 file")
      ->type_name("FILE.h5");
  sub->add_option("--threads", o->threads, "auto: the affinity mask")->type_name("N|auto");
  sub->callback([o, &globals] { run(*o, globals); });
}

[[maybe_unused]] const bool registered = register_command(20, add);

}  // namespace
}  // namespace mlrun::cli
