#include "cli/parse/help.hpp"

#include <algorithm>
#include <optional>
#include <sstream>
#include <string_view>
#include <utility>
#include <vector>

#include "base/advice.hpp"
#include "base/error.hpp"
#include "base/log.hpp"
#include "base/nearest_name.hpp"
#include "base/printable.hpp"

namespace mlrun::cli {
namespace {

constexpr size_t kColumn = 30;  // where descriptions start

std::vector<std::string> wrapped(const std::string& text, size_t width) {
  std::vector<std::string> lines;
  std::istringstream paragraphs(text);
  for (std::string paragraph; std::getline(paragraphs, paragraph);) {
    std::string line;
    std::istringstream words(paragraph);
    for (std::string word; words >> word;) {
      if (!line.empty() && line.size() + 1 + word.size() > width) {
        lines.push_back(line);
        line.clear();
      }
      line += (line.empty() ? "" : " ") + word;
    }
    lines.push_back(line);
  }
  return lines;
}

const CLI::App& deepest(const CLI::App& app) {
  const std::vector<CLI::App*> parsed = app.get_subcommands();
  return parsed.empty() ? app : deepest(*parsed.back());
}

// "mlrun train": without the directory that the program was called by.
std::string full_name(const CLI::App& app) {
  if (app.get_parent()) return full_name(*app.get_parent()) + ' ' + app.get_name();
  const std::string name = app.get_name();
  const std::string file = name.substr(name.find_last_of('/') + 1);
  return file.empty() ? "mlrun" : file;
}

// "./build/release/mlrun train --help": as the program was called.
std::string help_of(const CLI::App& app) {
  std::vector<std::string> words;
  for (const CLI::App* a = &app; a->get_parent(); a = a->get_parent()) words.insert(words.begin(), a->get_name());
  words.emplace_back("--help");
  return advice::command(words);
}

std::vector<std::string> commands_of(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App* sub) {
         return !sub->get_disabled() && !sub->get_name().empty() && !sub->get_group().empty();
       }))
    names.push_back(command->get_name());
  return names;
}

// The nearest name, or the only one that what was typed begins.
std::optional<std::string> suggestion(const std::string& typed, const std::vector<std::string>& known) {
  if (const std::optional<std::string> near = nearest_name(typed, known)) return near;
  std::vector<std::string> begun;
  for (const std::string& name : known)
    if (!typed.empty() && name.starts_with(typed)) begun.push_back(name);
  if (begun.size() == 1) return begun[0];
  return std::nullopt;
}

std::string no_command(const CLI::App& app, const std::string& typed) {
  std::string text = "no command '" + typed + "'";
  const std::vector<std::string> known = commands_of(app);
  if (const std::optional<std::string> near = suggestion(typed, known)) return text + "; did you mean '" + *near + "'?";
  return text + "; known: " + CLI::detail::join(known, ", ");
}

std::string no_option(const CLI::App& command, const std::string& typed) {
  const std::string option = typed.substr(0, typed.find('='));
  const std::string name = option.substr(std::min(option.find_first_not_of('-'), option.size()));
  std::vector<std::string> known;
  // Global options are accepted after the command too, so they are known here.
  for (const CLI::App* app = &command; app; app = app->get_parent()) {
    for (const CLI::Option* candidate : app->get_options()) {
      if (candidate->get_group().empty()) continue;
      for (const std::string& letter : candidate->get_snames())
        if (letter == name) return "no option '" + option + "'; did you mean '-" + letter + "'?";
      for (const std::string& word : candidate->get_lnames()) known.push_back(word);
    }
  }
  const std::string text = "no option '" + option + "' of '" + full_name(command) + "'";
  if (name.find('.') != std::string::npos)
    return text + "; values of the spec are given without dashes: " + name + "=VALUE";
  if (const std::optional<std::string> near = name.size() > 1 ? suggestion(name, known) : std::nullopt)
    return text + "; did you mean '--" + *near + "'?";
  return text;
}

bool is_option(const std::string& word) { return word.size() > 1 && word[0] == '-'; }

// What nobody wanted, explained by the first such word.
std::string unexpected(const CLI::App& app, const std::string& word) {
  const CLI::App& command = deepest(app);
  if (is_option(word)) return no_option(command, word);
  if (!commands_of(command).empty()) return no_command(command, word);
  return "unexpected argument '" + word + "' to '" + full_name(command) + "'";
}

// The two sides of `mark` in `text`.
std::optional<std::pair<std::string, std::string>> cut(const std::string& text, std::string_view mark) {
  const size_t at = text.find(mark);
  if (at == std::string::npos) return std::nullopt;
  return std::pair(text.substr(0, at), text.substr(at + mark.size()));
}

std::string type_of(const CLI::App& app, const std::string& option) {
  for (const CLI::App* command = &deepest(app); command; command = command->get_parent())
    if (const CLI::Option* found = command->get_option_no_throw(option)) return found->get_type_name();
  return {};
}

// CLI11 keeps no parts of its messages, so they are taken apart again; what is not known here is passed on as it is.
std::string plain_words(const CLI::App& app, const CLI::ParseError& error) {
  const std::string text = error.what();
  const CLI::App& command = deepest(app);
  if (text == "A subcommand is required")
    return "no command given; known: " + CLI::detail::join(commands_of(command), ", ");
  if (const auto parts = cut(text, " is required"); parts && dynamic_cast<const CLI::RequiredError*>(&error))
    return parts->first + " is missing from '" + full_name(command) + "'";
  if (const auto parts = cut(text, "Could not convert: "); parts && parts->first.empty()) {
    if (const auto value = cut(parts->second, " = ")) {
      const std::string type = type_of(app, value->first);
      return value->first + ": cannot read '" + value->second + "'" + (type.empty() ? "" : "; expected " + type);
    }
  }
  if (const auto parts = cut(text, ": 1 required "); parts && parts->second.ends_with(" missing"))
    return parts->first + ": no value given; expected " + parts->second.substr(0, parts->second.size() - 8);
  return text;
}

}  // namespace

HelpFormatter::HelpFormatter(int width) : width_(std::clamp(width, 60, 120)) {
  label("Positionals", "Arguments");
  label("Subcommands", "Commands");
  column_width(kColumn);
}

std::string HelpFormatter::make_help(const CLI::App* app, std::string name, CLI::AppFormatMode mode) const {
  if (mode == CLI::AppFormatMode::Sub) return Formatter::make_help(app, std::move(name), mode);
  std::string text = make_usage(app, std::move(name));
  if (!app->get_description().empty()) {
    text += '\n';
    for (const std::string& line : wrapped(app->get_description(), static_cast<size_t>(width_))) text += line + '\n';
  }
  // A subcommand that was given no examples has inherited those of its parent: they are not its own.
  const std::string examples = app->get_footer();
  if (!examples.empty() && !(app->get_parent() && app->get_parent()->get_footer() == examples)) {
    text += "\nExamples:\n";
    std::istringstream lines(examples);
    for (std::string line; std::getline(lines, line);) text += "  " + line + '\n';
  }
  return text + make_subcommands(app, mode) + make_positionals(app) + make_groups(app, mode);
}

std::string HelpFormatter::make_usage(const CLI::App* app, std::string) const {
  std::string text = "Usage: " + full_name(*app);
  for (const CLI::Option* option : app->get_options([](const CLI::Option* o) { return o->get_positional(); }))
    text += ' ' + make_option_usage(option);
  if (!commands_of(*app).empty()) text += app->get_require_subcommand_min() == 0 ? " [COMMAND]" : " COMMAND";
  return text + " [OPTIONS]\n";
}

std::string HelpFormatter::make_option(const CLI::Option* option, bool is_positional) const {
  std::string name = make_option_name(option, is_positional);
  if (!option->get_option_text().empty()) name += ' ' + option->get_option_text();
  else if (!is_positional && option->get_type_size() != 0 && !option->get_type_name().empty())
    name += ' ' + option->get_type_name();
  std::string description = option->get_description();
  if (!option->get_default_str().empty()) description += " [" + option->get_default_str() + "]";
  return entry(name, description);
}

std::string HelpFormatter::make_subcommand(const CLI::App* command) const {
  const std::string description = command->get_description();
  // The first line says what it does; the rest is for the command's own help.
  return entry(command->get_display_name(true), description.substr(0, description.find('\n')));
}

std::string HelpFormatter::entry(const std::string& name, const std::string& description) const {
  std::string text = "  " + name;
  if (description.empty()) return text + '\n';
  if (text.size() + 2 > kColumn) text += '\n' + std::string(kColumn, ' ');
  else text.resize(kColumn, ' ');
  bool first = true;
  for (const std::string& line : wrapped(description, static_cast<size_t>(width_) - kColumn)) {
    text += (first ? "" : std::string(kColumn, ' ')) + line + '\n';
    first = false;
  }
  return text;
}

void set_examples(CLI::App& app, const std::string& lines) { app.footer(lines); }

int explain(const CLI::App& app, const CLI::ParseError& error, std::ostream& out, std::ostream& err) {
  // Judged by type: an ExtrasError of a subcommand carries the subcommand's name where its own should be.
  if (dynamic_cast<const CLI::RuntimeError*>(&error)) return error.get_exit_code();
  if (dynamic_cast<const CLI::CallForVersion*>(&error)) {
    out << error.what() << '\n';
    return 0;
  }
  std::vector<std::string> left_over;
  for (const std::string& word : app.remaining(true))
    if (word != "--") left_over.push_back(word);
  const bool help_word = !left_over.empty() && left_over[0] == "help";
  // `mlrun trian --help` has no help to give.
  const bool help_of_nothing = !left_over.empty() && !is_option(left_over[0]) && app.get_subcommands().empty();
  if (help_word && left_over.size() > 1) {
    err << "error: " << printable(no_command(deepest(app), left_over[1]), "\n\t") << "\nSee: " << help_of(app) << '\n';
    return static_cast<int>(ExitCode::kUsage);
  }
  if (help_word || (dynamic_cast<const CLI::Success*>(&error) && !help_of_nothing)) {
    const bool all = dynamic_cast<const CLI::CallForAllHelp*>(&error);
    out << app.help("", all ? CLI::AppFormatMode::All : CLI::AppFormatMode::Normal);
    return 0;
  }
  // Words that nobody wanted come first: a mistyped command is otherwise reported as a missing one, and an option's
  // missing dashes as whatever its value broke.
  const bool about_a_value = dynamic_cast<const CLI::ConversionError*>(&error) ||
                             dynamic_cast<const CLI::ValidationError*>(&error) ||
                             dynamic_cast<const CLI::ArgumentMismatch*>(&error);
  std::string text = left_over.empty() || about_a_value ? plain_words(app, error) : unexpected(app, left_over[0]);
  const bool color = log::color();
  err << (color ? "\033[1;31merror: \033[0m" : "error: ") << printable(text, "\n\t")
      << "\nSee: " << help_of(deepest(app)) << '\n';
  return static_cast<int>(ExitCode::kUsage);
}

}  // namespace mlrun::cli
