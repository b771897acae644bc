// mlrun validate: everything that can be checked without training.
#include <nlohmann/json.hpp>

#include "base/advice.hpp"
#include "base/log.hpp"
#include "base/number.hpp"
#include "cli/command.hpp"
#include "cli/commands.hpp"
#include "experiment/built_model.hpp"
#include "experiment/load_spec.hpp"
#include "io/json_line.hpp"
#include "train/trainer.hpp"

namespace mlrun::cli {
namespace {

struct ValidateOptions {
  std::vector<std::string> words;
  bool spec_only = false;
};

nlohmann::ordered_json checked(const ValidateOptions& o, const Globals& globals) {
  Overrides overrides;
  overrides.add_words({o.words.begin() + 1, o.words.end()}, 2);
  advice::accept_overrides();
  const Experiment experiment = load_spec(o.words[0], overrides.texts, overrides.places);
  nlohmann::ordered_json answer = {{"spec", o.words[0]}, {"valid", true}, {"model", experiment.spec().model.kind()}};
  if (o.spec_only) return answer;
  const std::unique_ptr<Dataset> data =
      experiment.spec().data.build(data_sources_from_environment(experiment.spec().seed));
  Trainer trainer(experiment, *data, 1);
  // Do the weights fit that come from other runs?
  if (experiment.origin() || experiment.spec().model.facts().fitted_at_once) trainer.initialise();
  const int64_t parameters = trainer.built().parameters->parameter_count(), active = active_parameters(trainer.built()),
                steps = trainer.length().total_steps;
  const std::string fingerprint = experiment.fingerprint(*data);
  if (!globals.json) {
    log::info("{} is fine: {}, {}, {} steps, fingerprint {:.6}", o.words[0], experiment.spec().model.kind(),
              parameters_in_words(parameters, active), steps, fingerprint);
  }
  answer["parameters"] = parameters;
  answer["active_parameters"] = active;
  answer["steps"] =
      steps > 0 ? nlohmann::ordered_json(steps) : nlohmann::ordered_json(nullptr);  // null: the clock ends it
  answer["data"] = data->description();
  answer["data_hash"] = data->hash();
  answer["protocol"] = data->protocol();
  answer["fingerprint"] = fingerprint;
  return answer;
}

void run_validate(const ValidateOptions& o, const Globals& globals) {
  try {
    const nlohmann::ordered_json answer = checked(o, globals);
    if (globals.json) fmt::print("{}\n", io::json_line(answer));
  } catch (const Error& e) {
    if (globals.json) {
      const nlohmann::ordered_json answer = {{"spec", o.words[0]}, {"valid", false}, {"error", e.what()}};
      fmt::print("{}\n", io::json_line(answer));
    }
    throw;
  }
}

}  // namespace

void add_validate(Command& command, const Globals& globals) {
  auto o = std::make_shared<ValidateOptions>();
  set_examples(command,
               "mlrun validate configs/made.yaml\n"
               "mlrun validate configs/made.yaml model.hidden=500,500\n"
               "mlrun validate @last optim.kind=sgd               # the spec of a run, with another update rule\n"
               "mlrun validate configs/made.yaml --json | jq .parameters");
  command.add_option("SPEC", o->words, "a YAML file or a run, then overrides: section.key=value")
      ->required()
      ->type_name("SPEC|RUN [key=value]...")
      ->takes({{Value::kSpec, Value::kRun}}, OverrideWords{});
  command.add_flag("--spec-only", o->spec_only, "do not look for the data");
  command.callback([o, &globals] { run_validate(*o, globals); });
}

}  // namespace mlrun::cli
