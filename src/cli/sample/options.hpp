// The command line of `mlrun sample`: what was typed, before any run is known.
#pragma once

#include <cstdint>
#include <string>

#include "cli/command.hpp"
#include "cli/sample/draft.hpp"
#include "cli/sample/text.hpp"
#include "cli/words/sheet.hpp"
#include "commands/sample/constraint.hpp"
#include "generate/draw.hpp"

namespace mlrun::cli {

struct SampleWords {
  std::string run, which = "best", grid, out, complete, interpolate, caption, images = "8", sampler = "auto",
                   threads = "auto", classes;
  int64_t count = 0, batch = 64, nearest = 0;
  uint64_t seed = 1;
  DrawLaw law;
  TextWords text;
  DraftWords draft;
  ConstraintSource constraint;
  std::string constraint_law = "local";
  SheetWords sheet;
  bool show = false, mixed_cpus = false;
};

// The argument RUN, every option, and the examples of the help. `words` must outlive the app.
void add_sample_options(Command& command, SampleWords& words);

}  // namespace mlrun::cli
