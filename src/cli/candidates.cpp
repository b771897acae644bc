#include "cli/candidates.hpp"

#include <unistd.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "base/error.hpp"
#include "io/directory.hpp"
#include "run/experiment.hpp"
#include "run/find_run.hpp"
#include "run/run_directory.hpp"

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

// The fields of the spec as it would be with these words.
config::Fields fields_for(const std::vector<std::string>& positionals) {
  std::map<std::string, std::string> kinds = {{"data.kind", "mnist"}, {"model.kind", "made"}};
  try {
    if (!positionals.empty()) {
      const Experiment experiment = Experiment::load(spec_path(positionals[0]), {});
      for (const config::FieldRecord& f : experiment.fields())
        if (f.type == config::FieldType::kKind) kinds[f.path] = f.value;
    }
  } catch (const Error&) {  // a spec with mistakes: the defaults will do
  }
  const auto choices_of = [](const std::map<std::string, std::string>& chosen) {
    std::vector<std::string> choices;
    for (const auto& [path, kind] : chosen) choices.push_back(path + "=" + kind);
    return choices;
  };
  std::map<std::string, std::string> chosen = kinds;
  for (const std::string& word : positionals) {
    if (const size_t at = word.find(".kind="); at != std::string::npos)
      chosen[word.substr(0, at + 5)] = word.substr(at + 6);
  }
  try {
    return describe_spec(choices_of(chosen));
  } catch (const Error&) {  // a kind that does not exist
    return describe_spec(choices_of(kinds));
  }
}

Candidates values_of(const config::FieldRecord& field, const std::string& before, const std::string& current) {
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
Candidates overrides(const Position& p, const std::string& current, bool lists) {
  Candidates found;
  const size_t equals = current.find('=');
  const config::Fields fields = fields_for(p.positionals);
  const std::string command = p.command->get_name();
  for (const config::FieldRecord& field : fields) {
    if (field.type == config::FieldType::kSection) continue;
    if (command == "eval" && !field.path.starts_with("data.") && !field.path.starts_with("eval.")) continue;
    if (equals == std::string::npos) {
      const bool given = std::any_of(p.positionals.begin(), p.positionals.end(),
                                     [&](const std::string& word) { return word.starts_with(field.path + "="); });
      if (!given) add(found, current, field.path + "=", field.help);
    } else if (current.substr(0, equals) == field.path) {
      const size_t comma = lists ? current.rfind(',') : std::string::npos;
      return values_of(field, current.substr(0, comma == std::string::npos ? equals + 1 : comma + 1), current);
    }
  }
  return found;
}

bool has_word(const std::string& type, const std::string& word) {
  const size_t at = type.find(word);
  if (at == std::string::npos) return false;
  const auto letter = [&](size_t i) { return i < type.size() && type[i] >= 'A' && type[i] <= 'Z'; };
  return (at == 0 || !letter(at - 1)) && !letter(at + word.size());
}

// "auto", "bar" of "TEXT:{auto,bar}", and "best", "last" of "best|last|STEP".
std::vector<std::string> fixed_words(const std::string& type) {
  std::vector<std::string> words;
  const size_t open = type.find('{'), close = type.find('}', open);
  if (open != std::string::npos && close != std::string::npos) {
    for (const std::string& word : CLI::detail::split(type.substr(open + 1, close - open - 1), ','))
      words.push_back(word);
    return words;
  }
  const std::string alternatives = type.substr(0, type.find_first_of(" :"));
  if (alternatives.find('|') == std::string::npos) return words;
  for (const std::string& word : CLI::detail::split(alternatives, '|')) {
    if (!word.empty() && std::all_of(word.begin(), word.end(), [](char c) { return c >= 'a' && c <= 'z'; }))
      words.push_back(word);
  }
  return words;
}

Candidates of_type(const std::string& type, const std::string& current) {
  Candidates found;
  for (const std::string& word : fixed_words(type)) add(found, current, word);
  const auto append = [&](Candidates more) { found.insert(found.end(), more.begin(), more.end()); };
  if (has_word(type, "SPEC")) append(files(current, {".yaml", ".yml"}, true));
  if (has_word(type, "CHECKPOINT")) append(files(current, {".h5"}, false));
  if (has_word(type, "RUN")) append(runs(current, type.starts_with("RUN...")));
  if (has_word(type, "FIELD")) {
    for (const config::FieldRecord& field : fields_for({}))
      if (field.type != config::FieldType::kSection) add(found, current, field.path, field.help);
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
  const CLI::Option& option = *options[std::min(p.positionals.size(), options.size() - 1)];
  const std::string type = option.get_type_name();
  if (type == "key=value") return overrides(p, current, false);
  if (has_word(type, "SPEC") && type.find("[key=") != std::string::npos && !p.positionals.empty())
    return overrides(p, current, type.find("v1,v2") != std::string::npos);
  return of_type(type, current);
}

}  // namespace

std::vector<Candidate> candidates(const CLI::App& root, const std::vector<std::string>& words) {
  const std::string current = words.empty() ? "" : words.back();
  try {
    const Position p = position_of(root, words);
    if (p.pending) return of_type(p.pending->get_type_name(), current);
    if (!p.options_over && current.starts_with("-")) {
      const size_t equals = current.find('=');
      if (equals == std::string::npos) return option_names(p.command, current);
      const CLI::Option* option = find_option(p.command, current.substr(0, equals));
      Candidates found = option ? of_type(option->get_type_name(), current.substr(equals + 1)) : Candidates{};
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

SplitLine split_line(const std::string& line) {
  SplitLine split;
  split.words.emplace_back();
  bool in_word = false;
  char quote = 0;
  for (size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    std::string& word = split.words.back();
    if (quote == '\'' || (quote == '"' && c != '\\')) {
      if (c == quote) quote = 0;
      else word += c;
    } else if (c == '\\') {
      in_word = true;
      if (i + 1 < line.size()) word += line[++i];
    } else if (c == '\'' || c == '"') {
      in_word = true;
      quote = c;
      split.quote_start = word.size();
    } else if (c == ' ' || c == '\t') {
      if (in_word) split.words.emplace_back();
      in_word = false;
    } else {
      in_word = true;
      word += c;
    }
  }
  split.quoted = quote != 0;
  return split;
}

}  // namespace mlrun::cli
