#include "cli/sample/draft.hpp"

#include "base/advice.hpp"
#include "base/error.hpp"
#include "base/log.hpp"
#include "base/number.hpp"

namespace mlrun::cli {

void add_draft_options(Command& command, DraftWords& words, Option* complete) {
  Option* draft =
      command
          .add_option("--draft", words.run,
                      "speculative sampling: this run, a faster model of the same symbols, proposes several "
                      "at a time, and RUN looks at them at once; the law stays RUN's own, whatever the draft. heads: "
                      "those of RUN itself (model.heads)")
          ->excludes(complete)
          ->type_name("RUN2|heads")
          ->takes({{Value::kRun, Value::kCheckpointFile}, {"heads"}});
  command
      .add_option("--ahead", words.ahead,
                  "symbols that the draft proposes at a time; auto: as many as pay, by how often those stayed of which "
                  "it was as sure, 32 at most. The samples are the same")
      ->needs(draft)
      ->type_name("N|auto")
      ->takes({{}, {"auto"}});
  command
      .add_option("--typical", words.typical,
                  "typical acceptance (Cai et al. 2024): the draft's likeliest symbol stays where RUN gives it a "
                  "probability of at least min(EPSILON, sqrt(EPSILON) exp(-entropy)). Faster, less random, and no "
                  "longer RUN's own law; 0.09 is theirs")
      ->needs(draft)
      ->between(1e-9, 1.0)
      ->type_name("EPSILON");
}

LoadedDraft draft_of(const DraftWords& words, const TrainedModel& model) {
  LoadedDraft loaded;
  if (words.run.empty()) return loaded;
  if (words.ahead != "auto") {
    const auto ahead = parse_integer(words.ahead);
    if (!ahead || *ahead < 1 || *ahead > kMostProposed)
      fail(ExitCode::kUsage, "--ahead: expected 1 to {} symbols, or auto, found '{}'", kMostProposed, words.ahead);
    loaded.draft.ahead = *ahead;
  }
  if (words.run == "heads") {
    if (model.autoregressive().heads() == 0) {
      fail(ExitCode::kUsage,
           "--draft heads: this run has none\n  on it as it is, trained for it   {}\n  a run of this name       "
           "        --draft ./heads",
           advice::command(
               {"train", model.path, "model.heads.kind=medusa", "model.heads.trunk=frozen", "--from", model.path}));
    }
    loaded.draft.heads = true;
    return loaded;
  }
  loaded.model = load_draft(words.run, model);
  loaded.draft.model = &loaded.model->autoregressive();
  loaded.draft.parameters = loaded.model->built.parameters.get();
  return loaded;
}

nlohmann::ordered_json answer_of(const LoadedDraft& draft, const SpeculationCounts& counts) {
  const auto ratio = [](int64_t a, int64_t b) { return b > 0 ? static_cast<double>(a) / static_cast<double>(b) : 0.0; };
  nlohmann::ordered_json answer;
  if (draft.model) answer["checkpoint"] = draft.model->path;
  else answer["of"] = "heads";
  answer.update({{"stretches", counts.stretches},
                 {"accepted_length", ratio(counts.symbols, counts.stretches)},
                 {"acceptance", ratio(counts.kept, counts.symbols)},
                 {"rows_per_symbol", ratio(counts.rows, counts.symbols)},
                 {"draft_steps_per_symbol", ratio(counts.draft_steps, counts.symbols)},
                 {"draft_cost", counts.draft_cost},
                 {"symbols_per_step", counts.symbols_per_step()}});
  return answer;
}

void warn_where_it_does_not_pay(const SpeculationCounts& counts, const DrawLaw& law) {
  if (counts.symbols == 0 || counts.symbols_per_step() > 1) return;
  log::warning(
      "the draft does not pay: {:.2f} symbols for the work of one step, at {:.0f}% of its symbols kept\n"
      "  a smaller draft, or one that is trained further, may; without   --draft   it is {}",
      counts.symbols_per_step(), 100 * static_cast<double>(counts.kept) / static_cast<double>(counts.symbols),
      law.typical > 0 ? "this run's own law" : "the same law");
}

}  // namespace mlrun::cli
