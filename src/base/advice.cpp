#include "base/advice.hpp"

#include <filesystem>
#include <system_error>

#include "base/shell_word.hpp"

namespace mlrun::advice {
namespace {

namespace fs = std::filesystem;

struct CommandLine {
  std::vector<std::string> words = {"mlrun"};
  std::string directory = "";
  bool takes_overrides = false;
};

std::string& launcher() {
  static std::string words;
  return words;
}
std::string behind_launcher(const std::string& text) { return launcher().empty() ? text : launcher() + " " + text; }

CommandLine& typed() {
  static CommandLine line;
  return line;
}

std::string joined(std::string text, const std::vector<std::string>& words) {
  for (const std::string& word : words) text += " " + shell_word(word);
  return text;
}

}  // namespace

void set_command_line(const std::vector<std::string>& words, const std::string& directory) {
  typed() = {words.empty() ? std::vector<std::string>{"mlrun"} : words, directory, false};
}

void set_launcher(const std::string& words) { launcher() = words; }

void accept_overrides() { typed().takes_overrides = true; }

std::string command(const std::vector<std::string>& words) {
  std::string text = shell_word(typed().words.front());
  if (!typed().directory.empty()) text += " -C " + shell_word(typed().directory);
  return joined(text, words);
}

std::string launched(const std::vector<std::string>& words) { return behind_launcher(command(words)); }

std::optional<std::string> with(const std::string& override_text) {
  if (!typed().takes_overrides) return std::nullopt;
  return again({override_text});
}

std::string alone() {
  const std::vector<std::string>& words = typed().words;
  return joined(shell_word(words.front()), {words.begin() + 1, words.end()});
}

std::string again(const std::vector<std::string>& options) { return behind_launcher(joined(alone(), options)); }

std::optional<std::string> script(const std::string& name, const std::vector<std::string>& words) {
  std::error_code ignored;
  const std::string here = "scripts/" + name;
  // The user of -C stands elsewhere than the program.
  if (typed().directory.empty() && fs::exists(here, ignored)) return joined(shell_word(here), words);
  const fs::path program = fs::read_symlink("/proc/self/exe", ignored);
  std::vector<fs::path> places = {program.parent_path() / "../share/mlrun"};
  for (fs::path folder = program.parent_path(); folder.has_relative_path(); folder = folder.parent_path())
    places.push_back(folder / "scripts");
  for (const fs::path& place : places) {
    if (fs::exists(place / name, ignored)) return joined(shell_word((place / name).lexically_normal().string()), words);
  }
  return std::nullopt;
}

}  // namespace mlrun::advice
