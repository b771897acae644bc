#include "cli/label_words.hpp"

#include "base/log.hpp"

namespace mlrun::cli {

void label_and_print(const std::vector<RunSummary>& runs, const LabelRequest& request) {
  for (const RunSummary& run : runs) {
    if (label_run(run, request)) fmt::print("{}\n", run.path);
    else log::info("{} has that already", run.id);
  }
}

void add_one_run(Command& command, std::string& selector) {
  command.add_option("RUN", selector, "a run (directory, id, prefix of one, @last, @group:NAME@best)")
      ->required()
      ->type_name("RUN")
      ->takes({{Value::kRun}});
}

}  // namespace mlrun::cli
