#include "cli/sample/answer.hpp"

#include <cstdio>

#include "base/error.hpp"
#include "commands/answer_files.hpp"
#include "generate/picture.hpp"
#include "io/file.hpp"

namespace mlrun::cli {

void require_image(const TrainedModel& model, const std::string& what) {
  if (!model.drawn_data().is_image()) {
    fail(ExitCode::kUsage,
         "{}: this model's data are rows of {} symbols, not images\n  write them as text or HDF5   -o samples.txt, -o "
         "samples.h5",
         what, model.identity.data.positions());
  }
}

void require_ending(const std::string& file) {
  for (const char* ending : {".png", ".h5", ".npy", ".txt"}) {
    if (file.ends_with(ending)) return;
  }
  if (!file.empty() && file != "-")
    fail(ExitCode::kUsage, "-o {}: expected a name ending in .png, .h5, .npy or .txt, or - for stdout", file);
}

void write_samples(const Samples& samples, const TrainedModel& model, const SampleWords& words,
                   const SamplePictures& pictures) {
  const auto text = [&] {
    if (model.identity.caption_stream && words.text.prompt.empty()) return lines_of(samples.captions);
    const auto& vocabulary = model.identity.vocabulary;
    return vocabulary ? text_of(samples.symbols, *vocabulary, samples.lengths) : text_of(samples.symbols);
  };
  if (words.out == "-") {
    fmt::print("{}", text());
  } else if (words.out.ends_with(".png")) {
    require_image(model, words.out);
    write_sheet(words.out, *pictures.images, pictures.columns, pictures.captions, words.sheet);
  } else if (words.out.ends_with(".h5")) {
    io::write_atomically(words.out, samples_file(samples, model, words.seed, words.law).span());
  } else if (words.out.ends_with(".npy")) {
    io::write_atomically(words.out, samples_array(samples));
  } else {
    require_ending(words.out);
    io::write_atomically(words.out, text());
  }
}

nlohmann::ordered_json answer_of(const Samples& samples, const TrainedModel& model, const SampleWords& words) {
  nlohmann::ordered_json answer = {
      {"checkpoint", model.path}, {"count", words.count}, {"seed", words.seed}, {"file", words.out}};
  answer["exact_law"] = words.law.is_exact();
  if (!words.law.is_exact()) answer["law"] = words.law.words();
  if (samples.known > 0) answer["known"] = samples.known;
  if (words.constraint.any()) {
    answer["constraint"] = {
        {"of", words.constraint.words()}, {"law", words.constraint_law}, {"log_allowed", samples.log_allowed}};
    if (samples.attempts > 0) {
      answer["constraint"]["attempts"] = samples.attempts;
      answer["constraint"]["acceptance"] = static_cast<double>(words.count) / static_cast<double>(samples.attempts);
    }
  }
  if (!samples.lengths.empty()) answer["lengths"] = samples.lengths;
  if (!samples.captions.empty()) answer["captions"] = samples.captions;
  if (!samples.labels.empty()) answer["labels"] = samples.labels;
  return answer;
}

}  // namespace mlrun::cli
