// What a command says of its words: subcommands, options, arguments and the values they may have.
//
// CLI11 does the parsing. Its headers take four seconds to compile, so the commands see these few declarations instead,
// and only the files about the whole tree of commands (help, completion, manual, main) and about the rules of numbers
// include CLI11 itself.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/parse/values.hpp"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace mlrun::cli {

// An option ("-n,--count") or an argument ("RUN"). Every function returns the option itself, so that calls chain.
class Option {
 public:
  explicit Option(CLI::Option* option) : option_(option) {}
  // What the help shows as its value. Where it says that this is a path (FILE, DIR, RUN, SPEC ...), ~ is expanded.
  Option* type_name(const std::string& name);
  Option* one_of(const std::vector<std::string>& values);  // any other value is a mistake
  // The range of a number, both ends included. `remedy`: a further line of the message about another one.
  Option* between(int64_t least, int64_t greatest, const std::string& remedy = {});
  Option* between(double least, double greatest, const std::string& remedy = {});
  // What completion offers as its value; of one_of, its values. Nothing told: files, as the shell itself does.
  Option* takes(Values values);
  Option* takes(Values values, OverrideWords overrides);
  // Of a list: each time the option is given it takes one value, so that an argument may follow it.
  Option* one_at_a_time();
  Option* comma_separated();  // the values stand in one word, with commas between them
  // `rule` answers "" to a good value, else what is wrong with it.
  Option* check(std::function<std::string(const std::string&)> rule);
  Option* required();
  // A text or a word of a list that is empty means something. Else it is a mistake: mostly a variable of a shell that
  // was never set, and what it was to say would be as if not said.
  Option* may_be_empty();
  Option* excludes(const Option* other);
  Option* needs(const Option* other);
  bool given() const;  // on the command line, once that has been parsed

 private:
  CLI::Option* option_;
};

// A command, or the program as the root of all commands. Values are stored where the references point: these must
// outlive the parsing.
class Command {
 public:
  explicit Command(CLI::App& app) : app_(app) {}
  Command(const Command&) = delete;
  Command& operator=(const Command&) = delete;

  Command* add_subcommand(const std::string& name, const std::string& description);
  // Numbers are read as those of a spec are (1e5, 10_000); NaN, Inf and what lies outside of the option's range are
  // refused in words (cli/parse/number_option.hpp).
  Option* add_option(const std::string& name, std::string& value, const std::string& help);
  Option* add_option(const std::string& name, int64_t& value, const std::string& help);
  Option* add_option(const std::string& name, uint64_t& value, const std::string& help);
  Option* add_option(const std::string& name, double& value, const std::string& help);
  Option* add_option(const std::string& name, std::optional<int64_t>& value, const std::string& help);
  Option* add_option(const std::string& name, std::vector<std::string>& value, const std::string& help);
  Option* add_option(const std::string& name, std::vector<int64_t>& value, const std::string& help);
  Option* add_flag(const std::string& name, bool& value, const std::string& help);
  void callback(std::function<void()> run);  // called after parsing, when this command was given
  void require_subcommand(int count);
  void hide();  // from the help and from completion
  CLI::App& app() const { return app_; }
  const CLI::App& program() const;  // the top of the tree that this command is in

 private:
  CLI::App& app_;
  std::deque<Option> options_;
  std::deque<Command> subcommands_;
};

const Values& values_of(const CLI::Option& option);
const OverrideWords* overrides_of(const CLI::Option& option);  // null: it takes none

// The examples that a command's help begins with, one a line.
void set_examples(Command& command, const std::string& lines);

}  // namespace mlrun::cli
