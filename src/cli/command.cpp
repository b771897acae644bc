#include "cli/command.hpp"

#include <CLI/CLI.hpp>

namespace mlrun::cli {

void finish_with(ExitCode code) { throw CLI::RuntimeError(static_cast<int>(code)); }

void add_where(Command& command, std::vector<std::string>& conditions) {
  command
      .add_option(
          "--where", conditions,
          "only runs that fit: 'FIELD OP VALUE', FIELD such as valid/nll, status, tag or optim.lr; may be repeated")
      ->type_name("CONDITION")
      ->one_at_a_time();
}

void Overrides::add_words(const std::vector<std::string>& words, int first_argument) {
  for (size_t i = 0; i < words.size(); ++i) {
    texts.push_back(words[i]);
    places.push_back(fmt::format("argument {}", first_argument + static_cast<int>(i)));
  }
}

void Overrides::add_option(const std::string& option, const std::string& field, const std::string& value) {
  texts.push_back(field + "=" + (value == "default" ? "\"default\"" : value));
  places.push_back(option);
}

}  // namespace mlrun::cli
