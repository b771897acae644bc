// mlrun config: the resolved spec with the origin of each value, the reference, a starter file, differences.
#include <fmt/ranges.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "base/advice.hpp"
#include "base/nearest_name.hpp"
#include "cli/command.hpp"
#include "cli/commands.hpp"
#include "cli/terminal/text_table.hpp"
#include "experiment/experiment.hpp"
#include "experiment/load_spec.hpp"
#include "experiment/spec_reference.hpp"
#include "experiment/spec_schema.hpp"
#include "io/json_line.hpp"

namespace mlrun::cli {
namespace {

Experiment load(const std::vector<std::string>& words) {
  Overrides overrides;
  overrides.add_words({words.begin() + 1, words.end()}, 2);
  return load_spec(words[0], overrides.texts, overrides.places);
}

void diff(const std::string& left, const std::string& right, const Globals& globals) {
  const auto found = config::differences(load({left}).fields(), load({right}).fields());
  TextTable table({"field", left, right});
  for (const config::Difference& d : found) {
    if (globals.json)
      fmt::print("{}\n",
                 io::json_line(nlohmann::ordered_json{{"field", d.path}, {"left", d.left}, {"right", d.right}}));
    table.add({d.path, d.left, d.right});
  }
  if (!globals.json && !found.empty()) print_fitting(table);
}

void schema(const std::string& path, const Globals& globals) {
  const std::vector<ReferenceEntry> entries = reference_of(path);
  if (globals.json)
    return fmt::print("{}\n", (path.empty() ? spec_schema() : config::json_schema(entries.front().fields)).dump(1));
  for (const ReferenceEntry& entry : entries) {
    if (entries.size() > 1)
      fmt::print("{}# with {}\n", &entry == &entries.front() ? "" : "\n", fmt::join(entry.kinds, ", "));
    fmt::print("{}", config::schema_text(entry.fields, entry.path));
  }
}

// Words: a kind of model, then overrides.
void init(std::vector<std::string> words) {
  if (words.empty() || words[0].find('=') != std::string::npos) words.insert(words.begin(), "made");
  const auto& kinds = model_kinds().kinds();
  const auto kind = kinds.find(words[0]);
  if (kind == kinds.end()) {
    std::vector<std::string> names;
    for (const auto& [name, entry] : kinds) names.push_back(name);
    const auto nearest = nearest_name(words[0], names);
    fail(ExitCode::kUsage, "no model of kind '{}'{}\n  the kinds   {}", words[0],
         nearest ? fmt::format("; did you mean '{}'?", *nearest) : "", advice::command({"config", "schema", "model"}));
  }
  words[0] = "model.kind=" + words[0];
  Overrides overrides;
  overrides.add_words(words, 1);
  fmt::print(
      "# yaml-language-server: $schema=mlrun.schema.json\n# {}: {}. Every field with its value; delete what you do not "
      "change.\n{}",
      kind->first, kind->second.summary, config::resolved_yaml(starter_spec(overrides.texts, overrides.places)));
}

}  // namespace

void add_config(Command& command, const Globals& globals) {
  set_examples(
      command,
      "mlrun config show configs/made.yaml optim.lr=3e-3 --origin\n"
      "mlrun config diff configs/made.yaml @last\n"
      "mlrun config schema model.made\n"
      "mlrun config schema optim.lr                   # one field, under every kind that has it\n"
      "mlrun config schema --json > mlrun.schema.json # beside your specs, editors complete and underline by it\n"
      "mlrun config init nade > my.yaml\n"
      "mlrun config init sequence model.mixer.kind=lru data.kind=digits > lru.yaml");
  command.require_subcommand(1);
  auto words = std::make_shared<std::vector<std::string>>();
  auto origin = std::make_shared<bool>(false);
  Command* show = command.add_subcommand("show", "the complete resolved spec");
  show->add_option("SPEC", *words, "a YAML file or a run, then overrides: section.key=value")
      ->required()
      ->type_name("SPEC|RUN [key=value]...")
      ->takes({{Value::kSpec, Value::kRun}}, OverrideWords{});
  show->add_flag("--origin", *origin, "say where each value comes from");
  show->callback([words, origin] { fmt::print("{}", config::resolved_yaml(load(*words).fields(), *origin)); });
  auto left = std::make_shared<std::string>(), right = std::make_shared<std::string>();
  Command* difference = command.add_subcommand("diff", "fields that differ");
  difference->add_option("LEFT", *left, "a YAML file or a run")
      ->required()
      ->type_name("SPEC|RUN")
      ->takes({{Value::kSpec, Value::kRun}});
  difference->add_option("RIGHT", *right, "a YAML file or a run")
      ->required()
      ->type_name("SPEC|RUN")
      ->takes({{Value::kSpec, Value::kRun}});
  difference->callback([left, right, &globals] { diff(*left, *right, globals); });
  auto path = std::make_shared<std::string>();
  Command* reference = command.add_subcommand("schema",
                                              "type, range, default and help of every field; --json: a JSON Schema, "
                                              "without a PATH of all kinds, for editors");
  reference->add_option("PATH", *path, "a section, a kind (model.made, model.mixer.s4d) or a field")
      ->takes({{Value::kReference}});
  reference->callback([path, &globals] { schema(*path, globals); });
  auto starting = std::make_shared<std::vector<std::string>>();
  Command* starter = command.add_subcommand("init", "a spec to start from, on stdout: valid as it is");
  starter->add_option("MODEL", *starting, "kind of model (default made), then values of fields and other kinds")
      ->type_name("[MODEL] [key=value]...")
      ->takes({{Value::kModel}}, OverrideWords{.behind_first = false});
  starter->callback([starting] { init(*starting); });
}

}  // namespace mlrun::cli
