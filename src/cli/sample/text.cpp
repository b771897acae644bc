#include "cli/sample/text.hpp"

#include "base/error.hpp"
#include "commands/sample/prompt.hpp"

namespace mlrun::cli {

void add_text_options(Command& command, TextWords& words, Option* complete) {
  command
      .add_option(
          "--prompt", words.prompt,
          "what every sample begins with: characters of a text, else symbols with blanks between them; of captions "
          "and pictures, the caption of the pictures to draw; @FILE: what is in the file")
      ->excludes(complete)
      ->may_be_empty()
      ->type_name("TEXT|@FILE");
  command
      .add_option("--length", words.length,
                  "symbols of a sample, prompt and all (default: as in training); more than in training where the "
                  "model knows such sequences, or with --slide")
      ->excludes(complete)
      ->between(int64_t{1}, int64_t{1} << 28)
      ->type_name("N");
  command
      .add_option("--stop", words.stop,
                  "of a text: end a sample with the first occurrence of these characters behind the prompt")
      ->excludes(complete)
      ->type_name("TEXT");
  command
      .add_flag("--slide", words.slide,
                "of a text: go on beyond the length that a model was made for (a MADE, a table of positions), each "
                "symbol given the last half of it at least; the law is then no longer the model's own")
      ->excludes(complete);
  command
      .add_option("--repetition-penalty", words.repetition_penalty,
                  "of a text: divides the logits of the characters that a sample already has, or multiplies those that "
                  "are negative (Keskar et al. 2019); 1 is the model's own law")
      ->excludes(complete)
      ->between(1.0, 1e6)
      ->type_name("R");
}

Tensor prefix_of(const TextWords& words, const TrainedModel& model, int64_t count) {
  if (!words.prompt.empty()) return prompt_of(model, words.prompt);
  return model.identity.data.given > 0 ? questions_of(model, count) : Tensor();
}

std::vector<int32_t> stop_of(const TextWords& words, const TrainedModel& model) {
  if (words.stop.empty()) return {};
  const auto& vocabulary = model.identity.vocabulary;
  if (!vocabulary) fail(ExitCode::kUsage, "--stop ends samples of a text, and this model's data are none");
  return vocabulary->symbols(words.stop, "--stop");
}

DrawLaw law_of(const TextWords& words, const TrainedModel& model, DrawLaw law) {
  const DataSpec& data = model.identity.data;
  if (words.repetition_penalty != 1 && (!model.identity.vocabulary || data.alphabet == 2)) {
    fail(ExitCode::kUsage, "--repetition-penalty is of the characters of a text, and this model's data {}",
         model.identity.vocabulary ? "have two of them" : "are none");
  }
  law.repetition = words.repetition_penalty;
  if (words.slide && (data.is_image() || data.given > 0 || data.parts)) {
    fail(ExitCode::kUsage, "--slide goes over a text, and this model's data are {}",
         data.is_image() ? "images"
         : data.parts    ? "captions and pictures"
                         : "tasks");
  }
  law.sliding = words.slide && !model.autoregressive().any_length() && words.length > data.positions();
  return law;
}

}  // namespace mlrun::cli
