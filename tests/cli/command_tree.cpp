// What holds for every command: the tree is walked, so that a new command needs no test of its own.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <string>
#include <vector>

#include "catch.hpp"
#include "cli/commands.hpp"

using namespace mlrun::cli;

namespace {

// The rule of CLI11 2.4, which ends every command with an internal error when one name breaks it; 2.3 does not look at
// the names of positionals.
bool is_name(const std::string& name) {
  const auto starts = [](char c) { return c != '-' && static_cast<unsigned char>(c) > '!'; };
  const auto continues = [](char c) {
    return c != '=' && c != ':' && c != '{' && (static_cast<unsigned char>(c) > ' ' || c == '\t');
  };
  return !name.empty() && starts(name.front()) && std::all_of(name.begin() + 1, name.end(), continues);
}

std::vector<std::string> names_under(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    names.insert(names.end(), option->get_snames().begin(), option->get_snames().end());
    names.insert(names.end(), option->get_lnames().begin(), option->get_lnames().end());
    if (option->get_positional()) names.push_back(option->get_name(true));
  }
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    names.push_back(command->get_name());
    const std::vector<std::string> below = names_under(*command);
    names.insert(names.end(), below.begin(), below.end());
  }
  return names;
}

}  // namespace

TEST_CASE("every command, option and positional has a name that CLI11 2.4 takes") {
  CHECK(is_name("run-dir"));
  CHECK_FALSE(is_name("key=value"));
  CHECK_FALSE(is_name("a b"));
  CHECK_FALSE(is_name("-x"));
  CHECK_FALSE(is_name(""));

  CLI::App app("", "mlrun");
  Command root(app);
  const Globals globals;
  add_commands(root, globals);
  const std::vector<std::string> names = names_under(app);
  CHECK(std::find(names.begin(), names.end(), "train") != names.end());
  CHECK(std::find(names.begin(), names.end(), "OVERRIDE") != names.end());
  for (const std::string& name : names) {
    INFO(name);
    CHECK(is_name(name));
  }
}
