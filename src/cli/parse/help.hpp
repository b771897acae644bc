// Help with the examples first, and command-line mistakes answered with the nearest name.
#pragma once

#include <CLI/CLI.hpp>
#include <iosfwd>
#include <ostream>
#include <string>

namespace mlrun::cli {

// Usage, description, examples, commands, arguments, options; descriptions wrapped at `width`. Give it to the root App
// before the subcommands are added: they inherit the pointer.
class HelpFormatter : public CLI::Formatter {
 public:
  explicit HelpFormatter(int width = 80);
  std::string make_help(const CLI::App* app, std::string name, CLI::AppFormatMode mode) const override;
  std::string make_usage(const CLI::App* app, std::string name) const override;
  std::string make_option(const CLI::Option* option, bool is_positional) const override;
  std::string make_subcommand(const CLI::App* command) const override;

 private:
  std::string entry(const std::string& name, const std::string& description) const;
  int width_;
};

// The examples of one command, one a line (kept in CLI11's footer).
void set_examples(CLI::App& app, const std::string& lines);

// What to answer when `app.parse` threw: help and version go to `out` and return 0 (`mlrun help train` is help too);
// mistakes become "error: no command 'trian'; did you mean 'train'?" and "See: mlrun --help" on `err` and return 2. A
// CLI::RuntimeError prints nothing and returns its own code. `app` is the root.
int explain(const CLI::App& app, const CLI::ParseError& error, std::ostream& out, std::ostream& err);

}  // namespace mlrun::cli
