// The options of `mlrun sample` about sequences: what they begin with, how long they are, where they end.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cli/command.hpp"
#include "cli/parse/command_line.hpp"
#include "experiment/trained_model.hpp"
#include "generate/sampler.hpp"

namespace mlrun::cli {

struct TextWords {
  std::string prompt, stop;
  int64_t length = 0;
  bool slide = false;
  double repetition_penalty = 1;
};

// --prompt, --length, --stop, --slide, --repetition-penalty; none of them goes with `complete`. `words` must outlive the app.
void add_text_options(Command& command, TextWords& words, Option* complete);

// What every sample begins with: the prompt, or the questions of the data, in their order. Undefined: nothing.
Tensor prefix_of(const TextWords& words, const TrainedModel& model, int64_t count);
// The symbols with which a sample of a text ends.
std::vector<int32_t> stop_of(const TextWords& words, const TrainedModel& model);
// `law`, and what a text adds to it: sliding where a sample is longer than what the model knows, and the penalty.
DrawLaw law_of(const TextWords& words, const TrainedModel& model, DrawLaw law);

}  // namespace mlrun::cli
