// What every command is given, and what it may do besides printing an answer.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "cli/parse/command_line.hpp"
#include "cli/terminal/terminal.hpp"
#include "ranks/launch.hpp"
#include "ranks/ranks.hpp"

namespace mlrun::cli {

// What holds for every command.
struct Globals {
  bool quiet = false, verbose = false, json = false;
  std::string color = "auto", directory;
  Launch launch;                  // as one of how many processes this one was started
  std::function<Ranks&()> ranks;  // meets the others, the first time; for commands that work together
  ColorChoice color_choice() const { return *parse_color_choice(color); }
};

// Ends the command with this code; the answer has been printed.
[[noreturn]] void finish_with(ExitCode code);

// The argument RUN of the commands that take one run or a checkpoint; it is required.
Option* add_run(Command& command, std::string& selector);
// The argument RUN... of the commands that take several runs: all of them where none is named, or required.
Option* add_runs(Command& command, std::vector<std::string>& selectors, bool required = false);
// Adds --where CONDITION, of the commands that take several runs.
void add_where(Command& command, std::vector<std::string>& conditions);

// Adds --mixed-cpus, of the commands that several ranks do together.
void add_mixed_cpus(Command& command, bool& allowed);
// Of several ranks, for what is the work of one: true on the first, which says so; the others have nothing to do.
bool works_alone(const Globals& globals);

// "a.b=c" words of the command line and options that stand for one ("--seed 3"), with how messages call them.
struct Overrides {
  std::vector<std::string> texts, places;
  void add_words(const std::vector<std::string>& words, int first_argument);
  // The value is a text as it is, also where the word would mean something in a spec (`default`, a number).
  void add_option(const std::string& option, const std::string& field, const std::string& value);
};

}  // namespace mlrun::cli
