#include "cli/parse/candidates.hpp"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <set>

#include "base/error.hpp"
#include "commands/runs/run_fields.hpp"
#include "experiment/experiment.hpp"
#include "experiment/load_spec.hpp"
#include "experiment/spec_reference.hpp"
#include "generate/region.hpp"
#include "io/directory.hpp"
#include "runs/find_run.hpp"
#include "runs/run_directory.hpp"

namespace mlrun::cli {
namespace {

using Candidates = std::vector<Candidate>;

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

void add(Candidates& found, const std::string& current, const std::string& text, const std::string& description = "") {
  if (text.starts_with(current)) found.push_back({text, first_line(description)});
}

// What the words before the cursor mean.
struct Position {
  const CLI::App* command;
  const CLI::Option* pending = nullptr;  // the option whose value comes next
  std::vector<std::string> positionals;  // of the command, so far
  bool options_over = false;             // after "--"
};

const CLI::Option* find_option(const CLI::App* command, const std::string& name) {
  for (const CLI::App* app = command; app; app = app->get_parent())
    if (const CLI::Option* option = app->get_option_no_throw(name)) return option;
  return nullptr;
}

const CLI::App* subcommand(const CLI::App& command, const std::string& name) {
  const auto found = command.get_subcommands([&](const CLI::App* sub) { return sub->get_name() == name; });
  return found.empty() ? nullptr : found.front();
}

Position position_of(const CLI::App& root, const std::vector<std::string>& words) {
  Position p{&root, nullptr, {}, false};
  for (size_t i = 0; i + 1 < words.size(); ++i) {
    const std::string& word = words[i];
    if (p.pending) {
      // Paths are relative to where the command would go.
      if (p.pending->check_name("-C") && chdir(word.c_str()) != 0) return p;
      p.pending = nullptr;
    } else if (word == "--" && !p.options_over) {
      p.options_over = true;
    } else if (word.size() > 1 && word[0] == '-' && !p.options_over) {
      const CLI::Option* option = find_option(p.command, word);
      if (option && option->get_items_expected_max() > 0) p.pending = option;
    } else if (const CLI::App* sub = p.positionals.empty() ? subcommand(*p.command, word) : nullptr) {
      p.command = sub;
    } else {
      p.positionals.push_back(word);
    }
  }
  return p;
}

Candidates files(const std::string& current, const std::vector<std::string>& suffixes, bool folders) {
  const size_t slash = current.rfind('/');
  const std::string folder = slash == std::string::npos ? "" : current.substr(0, slash + 1);
  Candidates found;
  if (!io::is_directory(folder.empty() ? "." : folder)) return found;
  for (const std::string& name : io::list_directory(folder.empty() ? "." : folder)) {
    if (name[0] == '.' && current.substr(folder.size())[0] != '.') continue;
    const bool fits = std::any_of(suffixes.begin(), suffixes.end(), [&](const auto& s) { return name.ends_with(s); });
    if (fits) add(found, current, folder + name);
    else if (folders && io::is_directory(folder + name)) add(found, current, folder + name + "/");
  }
  return found;
}

Candidates runs(const std::string& current, bool several) {
  Candidates found;
  if (current.starts_with("@group:") || current.starts_with("@tag:")) {
    std::set<std::string> names;
    for (const RunSummary& run : all_runs(run_root())) {
      for (const std::string& group : run.groups) names.insert("@group:" + group);
      for (const std::string& tag : run.tags) names.insert("@tag:" + tag);
    }
    for (const std::string& name : names) {
      if (several) add(found, current, name);
      add(found, current, name + "@best", "the one with the best likelihood");
      add(found, current, name + "@last", "the one begun last");
    }
    return found;
  }
  const std::string root = run_root();
  if (!io::is_directory(root)) return found;
  // By the files alone: reading every journal would take too long for a key press.
  for (const std::string& name : io::list_directory(root)) {
    if (name.starts_with(current) && RunDirectory::is_run(root + "/" + name)) add(found, current, name);
  }
  add(found, current, "@last", "the run begun last");
  add(found, current, "@best:valid/nll", "the run with the best likelihood");
  add(found, current, "@group:", several ? "all runs of a group, or one" : "one run of a group");
  add(found, current, "@tag:", several ? "all runs with a tag, or one" : "one run with a tag");
  return found;
}

// The fields of the spec as it would be with these words, the first of which names it; mistakes change nothing.
config::Fields fields_for(const std::vector<std::string>& words) {
  std::vector<std::string> kinds;
  for (const std::string& word : words) {
    if (const size_t equals = word.find('='); equals != std::string::npos && word.substr(0, equals).ends_with("kind"))
      kinds.push_back(word.substr(0, word.find(',')));  // of a grid's kinds the first
  }
  std::string text = "data: {kind: mnist}\nmodel: {kind: made}\n";
  const bool named = !words.empty() && words[0].find('=') == std::string::npos;
  try {
    if (named) text = config::resolved_yaml(Experiment::load(spec_path(words[0]), {}).fields());
  } catch (const Error&) {  // a spec with mistakes: the defaults will do; or, of `config init`, a kind of model
    if (model_kinds().kinds().contains(words[0])) kinds.insert(kinds.begin(), "model.kind=" + words[0]);
  }
  const config::Document document = config::Document::from_text(text, "spec", kinds, {});
  const ExperimentSpec spec(document.root());
  return document.declared();
}

Candidates values_of_field(const config::FieldRecord& field, const std::string& before, const std::string& current) {
  Candidates found;
  for (const auto& [name, summary] : field.choices) add(found, current, before + name, summary);
  if (field.type == config::FieldType::kBoolean) {
    for (const char* word : {"true", "false"}) add(found, current, before + word);
  }
  if (field.word) add(found, current, before + *field.word);
  if (found.empty() && field.fallback && !field.fallback->empty())
    add(found, current, before + *field.fallback, "default");
  return found;
}

// "key=" or, after the "=", values; of `grid`, after each comma.
Candidates key_values(const Position& p, const OverrideWords& words, const std::string& current) {
  Candidates found;
  const size_t equals = current.find('=');
  for (const config::FieldRecord& field : fields_for(p.positionals)) {
    if (field.type == config::FieldType::kSection) continue;
    const bool fits =
        words.sections.empty() || std::any_of(words.sections.begin(), words.sections.end(),
                                              [&](const std::string& s) { return field.path.starts_with(s + "."); });
    if (!fits) continue;
    if (equals == std::string::npos) {
      const bool given = std::any_of(p.positionals.begin(), p.positionals.end(),
                                     [&](const std::string& word) { return word.starts_with(field.path + "="); });
      if (!given) add(found, current, field.path + "=", field.help);
    } else if (current.substr(0, equals) == field.path) {
      const size_t comma = words.lists ? current.rfind(',') : std::string::npos;
      return values_of_field(field, current.substr(0, comma == std::string::npos ? equals + 1 : comma + 1), current);
    }
  }
  return found;
}

// The checkpoints of the run that is the command's first argument.
Candidates checkpoints(const Position& p, const std::string& current) {
  Candidates found;
  add(found, current, "best", "by eval.best");
  add(found, current, "last", "the latest");
  if (p.positionals.empty()) return found;
  try {
    for (const int64_t step : RunDirectory::open(find_run(p.positionals[0])).checkpoint_steps())
      add(found, current, fmt::format("{}", step), "step");
  } catch (const Error&) {  // no such run
  }
  return found;
}

Candidates groups(const std::string& current) {
  std::set<std::string> names;
  for (const RunSummary& run : all_runs(run_root())) names.insert(run.groups.begin(), run.groups.end());
  Candidates found;
  for (const std::string& name : names)
    if (!name.empty()) add(found, current, name);
  return found;
}

// Facts of runs and fields of specs, after the last comma.
Candidates run_fields(const std::string& current) {
  const size_t comma = current.rfind(',');
  const std::string before = comma == std::string::npos ? "" : current.substr(0, comma + 1);
  Candidates found;
  for (const std::string& name : run_fact_names()) add(found, current, before + name);
  for (const config::FieldRecord& field : fields_for({}))
    if (field.type != config::FieldType::kSection) add(found, current, before + field.path, field.help);
  return found;
}

// Sections, kinds and fields below what is typed up to its last dot.
Candidates reference(const std::string& current) {
  const size_t dot = current.rfind('.');
  Candidates found;
  for (const auto& [path, help] : names_below(dot == std::string::npos ? "" : current.substr(0, dot)))
    add(found, current, path, help);
  return found;
}

Candidates of_kind(Value kind, const Position& p, const std::string& current) {
  Candidates found;
  switch (kind) {
    case Value::kSpec:
      return files(current, {".yaml", ".yml"}, true);
    case Value::kRun:
      return runs(current, false);
    case Value::kRuns:
      return runs(current, true);
    case Value::kCheckpointFile:
      return files(current, {".h5"}, false);
    case Value::kCheckpoint:
      return checkpoints(p, current);
    case Value::kFields:
      for (const config::FieldRecord& field : fields_for({}))
        if (field.type != config::FieldType::kSection) add(found, current, field.path, field.help);
      return found;
    case Value::kRunFields:
      return run_fields(current);
    case Value::kReference:
      return reference(current);
    case Value::kModel:
      for (const auto& [name, entry] : model_kinds().kinds()) add(found, current, name, entry.summary);
      return found;
    case Value::kKnownPart:
      for (const std::string& word : region_words()) add(found, current, word);
      add(found, current, "rect:", "rows R0 to R1-1, columns C0 to C1-1: rect:R0,C0,R1,C1");
      add(found, current, "columns:", "of a table, by names or numbers from 1: columns:A,B,C..D");
      for (const Candidate& file : files(current, {".png"}, true)) found.push_back(file);
      return found;
    case Value::kGroup:
      return groups(current);
  }
  return found;
}

Candidates of_option(const CLI::Option& option, const Position& p, const std::string& current) {
  const Values& values = values_of(option);
  Candidates found;
  for (const std::string& word : values.words) add(found, current, word);
  for (const Value kind : values.kinds) {
    const Candidates more = of_kind(kind, p, current);
    found.insert(found.end(), more.begin(), more.end());
  }
  return found;
}

Candidates option_names(const CLI::App* command, const std::string& current) {
  Candidates found;
  for (const CLI::App* app = command; app; app = app->get_parent()) {
    for (const CLI::Option* option : app->get_options()) {
      if (option->get_group().empty() || option->get_positional()) continue;
      const auto& names = option->get_lnames();
      const std::string name = names.empty() ? "-" + option->get_snames().front() : "--" + names.front();
      const bool known = std::any_of(found.begin(), found.end(), [&](const Candidate& c) { return c.text == name; });
      if (!known) add(found, current, name, option->get_description());
    }
  }
  return found;
}

Candidates positional(const Position& p, const std::string& current) {
  const auto options = p.command->get_options([](const CLI::Option* o) { return o->get_positional(); });
  if (options.empty()) return {};
  const size_t index = std::min(p.positionals.size(), options.size() - 1);
  const CLI::Option& option = *options[index];
  const bool first = p.positionals.size() == index;  // of the words that this argument takes
  const OverrideWords* overrides = overrides_of(option);
  if (!overrides || (first && overrides->behind_first)) return of_option(option, p, current);
  Candidates found = first ? of_option(option, p, current) : Candidates{};
  const Candidates more = key_values(p, *overrides, current);
  found.insert(found.end(), more.begin(), more.end());
  return found;
}

}  // namespace

std::vector<Candidate> candidates(const CLI::App& root, const std::vector<std::string>& words) {
  const std::string current = words.empty() ? "" : words.back();
  try {
    const Position p = position_of(root, words);
    if (p.pending) return of_option(*p.pending, p, current);
    if (!p.options_over && current.starts_with("-")) {
      const size_t equals = current.find('=');
      if (equals == std::string::npos) return option_names(p.command, current);
      const CLI::Option* option = find_option(p.command, current.substr(0, equals));
      Candidates found = option ? of_option(*option, p, current.substr(equals + 1)) : Candidates{};
      for (Candidate& c : found) c.text = current.substr(0, equals + 1) + c.text;
      return found;
    }
    Candidates found;
    for (const CLI::App* sub : p.command->get_subcommands([](const CLI::App* s) { return !s->get_group().empty(); }))
      add(found, current, sub->get_name(), sub->get_description());
    return found.empty() && p.command->get_subcommands([](const CLI::App*) { return true; }).empty()
               ? positional(p, current)
               : found;
  } catch (const std::exception&) {  // a key press must not print a message
    return {};
  }
}

}  // namespace mlrun::cli
