// mlrun config: the resolved spec with the origin of each value, the reference, a starter file, differences.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "cli/command.hpp"
#include "cli/text_table.hpp"
#include "run/experiment.hpp"
#include "run/find_run.hpp"

namespace mlrun::cli {
namespace {

Experiment load(const std::vector<std::string>& words) {
  Overrides overrides;
  overrides.add_words({words.begin() + 1, words.end()}, 2);
  return Experiment::load(spec_path(words[0]), overrides.texts, overrides.places);
}

void diff(const std::string& left, const std::string& right, const Globals& globals) {
  const auto found = config::differences(load({left}).fields(), load({right}).fields());
  TextTable table({"field", left, right});
  for (const config::Difference& d : found) {
    if (globals.json)
      fmt::print("{}\n", nlohmann::ordered_json{{"field", d.path}, {"left", d.left}, {"right", d.right}}.dump());
    table.add({d.path, d.left, d.right});
  }
  if (!globals.json && !found.empty()) fmt::print("{}", table.plain());
}

// "model.quantizer.ema": a kind of a section that some kinds of model have. Sections of the same kinds within it ("of")
// have the same fields. Nothing when there is no such section.
struct NestedFields {
  std::string section;
  config::Fields fields;  // of a whole spec with that kind
};
std::optional<NestedFields> nested_fields(const std::string& path) {
  std::string section = path.substr(0, path.rfind('.'));
  const std::string kind = path.substr(path.rfind('.') + 1);
  while (section.ends_with(".of")) section.resize(section.size() - 3);
  for (const auto& [model, entry] : model_kinds().kinds()) {
    std::vector<std::string> choices = {"data.kind=mnist", "model.kind=" + model};
    const config::Fields fields = describe_spec(choices);
    if (std::none_of(fields.begin(), fields.end(), [&](const auto& f) { return f.path == section; })) continue;
    choices.push_back(section + ".kind=" + kind);
    return NestedFields{section, describe_spec(choices)};
  }
  return std::nullopt;
}

// "model.made" asks for the fields of that kind; "model" for those of the default kind.
void schema(const std::string& path, const Globals& globals) {
  std::vector<std::string> kinds = {"data.kind=mnist", "model.kind=made"};
  std::string section = path;
  const size_t dot = path.find('.');
  if (path.starts_with("model.") && path.find('.', dot + 1) != std::string::npos) {
    if (const auto nested = nested_fields(path)) {
      if (globals.json) fmt::print("{}\n", config::json_schema(nested->fields).dump(2));
      else fmt::print("{}", config::schema_text(nested->fields, nested->section));
      return;
    }
  }
  for (const char* s : {"data", "model", "optim", "schedule"}) {
    if (dot != std::string::npos && path.substr(0, dot) == s) {
      const std::string kind = path.substr(dot + 1);
      const config::Fields described = describe_spec(
          {fmt::format("{}.kind={}", s, kind), s == std::string("data") ? "model.kind=made" : "data.kind=mnist",
           s == std::string("data") || s == std::string("model") ? "optim.kind=adam" : "model.kind=made"});
      if (globals.json) fmt::print("{}\n", config::json_schema(described).dump(2));
      else fmt::print("{}", config::schema_text(described, s));
      return;
    }
  }
  const config::Fields described = describe_spec(kinds);
  if (globals.json) {
    fmt::print("{}\n", config::json_schema(described).dump(2));
    return;
  }
  const std::string text = config::schema_text(described, section);
  if (text.empty()) fail(ExitCode::kUsage, "the spec has no '{}'\n  see   mlrun config schema", path);
  fmt::print("{}", text);
}

void init(const std::string& model) {
  const std::string kind = model.empty() ? "made" : model;
  const config::Fields described = describe_spec({"model.kind=" + kind, "data.kind=mnist"});
  fmt::print("# {}: {}. Every field with its default; delete what you do not change.\n{}", kind,
             model_kinds().kinds().at(kind).summary, config::resolved_yaml(described));
}

void add(Command& app, const Globals& globals) {
  Command* sub = app.add_subcommand("config", "resolved specs, differences, the reference, a starter file");
  set_examples(*sub,
               "mlrun config show configs/made.yaml optim.lr=3e-3 --origin\n"
               "mlrun config diff configs/made.yaml @last\n"
               "mlrun config schema model.made\n"
               "mlrun config init nade > my.yaml");
  sub->require_subcommand(1);
  auto words = std::make_shared<std::vector<std::string>>();
  auto origin = std::make_shared<bool>(false);
  Command* show = sub->add_subcommand("show", "the complete resolved spec");
  show->add_option("SPEC", *words, "a YAML file or a run, then overrides: section.key=value")
      ->required()
      ->type_name("SPEC|RUN [key=value]...");
  show->add_flag("--origin", *origin, "say where each value comes from");
  show->callback([words, origin] { fmt::print("{}", config::resolved_yaml(load(*words).fields(), *origin)); });
  auto left = std::make_shared<std::string>(), right = std::make_shared<std::string>();
  Command* difference = sub->add_subcommand("diff", "fields that differ");
  difference->add_option("LEFT", *left, "a YAML file or a run")->required()->type_name("SPEC|RUN");
  difference->add_option("RIGHT", *right, "a YAML file or a run")->required()->type_name("SPEC|RUN");
  difference->callback([left, right, &globals] { diff(*left, *right, globals); });
  auto path = std::make_shared<std::string>();
  Command* reference =
      sub->add_subcommand("schema", "type, range, default and help of every field; --json: a JSON Schema");
  reference->add_option("PATH", *path, "a section, a kind (model.made) or a field");
  reference->callback([path, &globals] { schema(*path, globals); });
  auto kind = std::make_shared<std::string>();
  Command* starter = sub->add_subcommand("init", "a spec to start from, on stdout");
  starter->add_option("MODEL", *kind, "kind of model (default made)")->check([](const std::string& name) {
    return model_kinds().kinds().contains(name) ? "" : "no model of kind '" + name + "'; see mlrun config schema model";
  });
  starter->callback([kind] { init(*kind); });
}

[[maybe_unused]] const bool registered = register_command(50, add);

}  // namespace
}  // namespace mlrun::cli
