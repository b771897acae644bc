// The options of `mlrun sample` about a run that drafts for another.
#pragma once

#include <cstdint>
#include <string>

#include <nlohmann/json.hpp>

#include "cli/command.hpp"
#include "cli/parse/command_line.hpp"
#include "commands/sample/draft.hpp"
#include "generate/draw.hpp"

namespace mlrun::cli {

struct DraftWords {
  std::string run, ahead = "auto";
  double typical = 0;  // DrawLaw::typical
};

// --draft, --ahead and --typical, which do not go with `complete`. `words` must outlive the app.
void add_draft_options(Command& command, DraftWords& words, Option* complete);

// A draft, for as long as it draws; no model where none was asked for, or heads.
struct LoadedDraft {
  std::unique_ptr<const TrainedModel> model;
  Draft draft;
};
LoadedDraft draft_of(const DraftWords& words, const TrainedModel& model);

// What `--json` says of it.
nlohmann::ordered_json answer_of(const LoadedDraft& draft, const SpeculationCounts& counts);
// And what is said to people, by counted work.
void warn_where_it_does_not_pay(const SpeculationCounts& counts, const DrawLaw& law);

}  // namespace mlrun::cli
