#include "cli/sample_draft.hpp"

#include "base/error.hpp"
#include "base/number.hpp"

namespace mlrun::cli {

void add_draft_options(Command& command, DraftWords& words, Option* complete) {
  Option* draft =
      command
          .add_option("--draft", words.run,
                      "speculative sampling: this run, a faster model of the same symbols, proposes several "
                      "at a time, and RUN looks at them at once; the law stays RUN's own, whatever the draft")
          ->excludes(complete)
          ->type_name("RUN2")
          ->takes({{Value::kRun, Value::kCheckpointFile}});
  command
      .add_option("--ahead", words.ahead,
                  "symbols that the draft proposes at a time; auto: 2 to 14, by how many stayed of late. The samples "
                  "are the same")
      ->needs(draft)
      ->type_name("N|auto")
      ->takes({{}, {"auto"}});
}

LoadedDraft draft_of(const DraftWords& words, const TrainedModel& model) {
  LoadedDraft loaded;
  if (words.run.empty()) return loaded;
  if (words.ahead != "auto") {
    const auto ahead = parse_integer(words.ahead);
    if (!ahead || *ahead < 1 || *ahead > 4096)
      fail(ExitCode::kUsage, "--ahead: expected 1 to 4096 symbols, or auto, found '{}'", words.ahead);
    loaded.draft.ahead = *ahead;
  }
  loaded.model = load_draft(words.run, model);
  loaded.draft.model = &loaded.model->autoregressive();
  loaded.draft.parameters = loaded.model->built.parameters.get();
  return loaded;
}

nlohmann::ordered_json answer_of(const LoadedDraft& draft, const SpeculationCounts& counts) {
  const auto ratio = [](int64_t a, int64_t b) { return b > 0 ? static_cast<double>(a) / static_cast<double>(b) : 0.0; };
  return {{"checkpoint", draft.model->path},
          {"stretches", counts.stretches},
          {"accepted_length", ratio(counts.symbols, counts.stretches)},
          {"acceptance", ratio(counts.kept, counts.symbols)}};
}

}  // namespace mlrun::cli
