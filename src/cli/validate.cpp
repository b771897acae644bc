// mlrun validate: everything that can be checked without training.
#include "base/log.hpp"
#include "base/number.hpp"
#include "cli/command.hpp"
#include "run/trainer.hpp"

namespace mlrun::cli {
namespace {

struct Options {
  std::vector<std::string> words;
  bool spec_only = false;
};

void run(const Options& o, const Globals& globals) {
  Overrides overrides;
  overrides.add_words({o.words.begin() + 1, o.words.end()}, 2);
  const Experiment experiment = Experiment::load(o.words[0], overrides.texts, overrides.places);
  if (o.spec_only) return;
  const std::unique_ptr<Dataset> data =
      experiment.spec().data.build(data_sources_from_environment(experiment.spec().seed));
  Trainer trainer(experiment, *data, 1);
  if (experiment.origin()) trainer.initialise();  // do its weights fit?
  if (!globals.json) {
    log::info("{} is fine: {}, {} parameters, {} steps, fingerprint {:.6}", o.words[0], experiment.spec().model.kind(),
              print_thousands(trainer.built().parameters->parameter_count()), trainer.length().total_steps,
              experiment.fingerprint(*data));
  }
}

void add(Command& app, const Globals& globals) {
  Command* sub = app.add_subcommand("validate", "check a spec, its data and its model without training");
  auto o = std::make_shared<Options>();
  set_examples(*sub, "mlrun validate configs/made.yaml\nmlrun validate configs/made.yaml model.hidden=500,500");
  sub->add_option("SPEC", o->words, "a YAML file, then overrides: section.key=value")
      ->required()
      ->type_name("SPEC [key=value]...");
  sub->add_flag("--spec-only", o->spec_only, "do not look for the data");
  sub->callback([o, &globals] { run(*o, globals); });
}

[[maybe_unused]] const bool registered = register_command(40, add);

}  // namespace
}  // namespace mlrun::cli
