#include "cli/command.hpp"

#include <CLI/CLI.hpp>

#include "base/log.hpp"

namespace mlrun::cli {

void finish_with(ExitCode code) { throw CLI::RuntimeError(static_cast<int>(code)); }

Option* add_run(Command& command, std::string& selector) {
  return command
      .add_option("RUN", selector,
                  "a run (directory, id, prefix of one, @last, @best:valid/nll, @group:NAME@best) or a checkpoint file")
      ->required()
      ->type_name("RUN|CHECKPOINT")
      ->takes({{Value::kRun, Value::kCheckpointFile}});
}

Option* add_runs(Command& command, std::vector<std::string>& selectors, bool required) {
  Option* runs =
      command
          .add_option(
              "RUN", selectors,
              fmt::format("runs: directory, beginning of an id, @group:NAME, @tag:NAME, @last, @group:NAME@best{}",
                          required ? "" : " (default: all)"))
          ->type_name("RUN...")
          ->takes({{Value::kRuns}});
  return required ? runs->required() : runs;
}

void add_where(Command& command, std::vector<std::string>& conditions) {
  command
      .add_option(
          "--where", conditions,
          "only runs that fit: 'FIELD OP VALUE', FIELD such as valid/nll, status, tag or optim.lr; may be repeated")
      ->type_name("CONDITION")
      ->one_at_a_time()
      ->takes({{Value::kRunFields}});
}

void add_mixed_cpus(Command& command, bool& allowed) {
  command.add_flag(
      "--mixed-cpus", allowed,
      "of several ranks: they may run on different kinds of CPU, and the bits may differ from those of one");
}

bool works_alone(const Globals& globals) {
  if (globals.launch.rank > 0) return false;
  if (globals.launch.several())
    log::info("this command is the work of one process: of {}, all but the first have nothing to do",
              globals.launch.size);
  return true;
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
