// mlrun sample --complete: the words of it, and its pictures and files.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/lanes.hpp"
#include "cli/command.hpp"
#include "cli/words/sheet.hpp"
#include "experiment/trained_model.hpp"
#include "generate/completion.hpp"

namespace mlrun::cli {

struct CompletionWords {
  std::string region, images = "8";  // as typed
  std::string out;                   // a file by its ending, "-" for text on stdout, or ""
  bool show = false;
  SheetWords sheet;
  std::optional<int32_t> label;
};

// Originals, what is known of them and their completions, to where the words say.
void sample_completions(const TrainedModel& model, const CompletionWords& words, const CompletionOptions& options,
                        LanePool& pool, const Globals& globals);

}  // namespace mlrun::cli
