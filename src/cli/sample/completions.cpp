#include "cli/sample/completions.hpp"

#include <cstddef>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/log.hpp"
#include "base/number.hpp"
#include "cli/parse/number_list.hpp"
#include "cli/sample/answer.hpp"
#include "cli/sample/classes.hpp"
#include "cli/sample/law.hpp"
#include "commands/answer_files.hpp"
#include "commands/sample/complete.hpp"
#include "figure/sheet.hpp"
#include "generate/picture.hpp"
#include "io/file.hpp"
#include "io/json_line.hpp"

namespace mlrun::cli {
namespace {

// How many, or which ones.
void ask_for_images(const std::string& text, CompleteRequest& request) {
  const auto listed = number_list(text);
  const auto how_many = text.find_first_of(".,") == std::string::npos ? parse_integer(text) : std::nullopt;
  if (how_many ? *how_many < 1 || *how_many > 1'000'000 : !listed) {
    fail(ExitCode::kUsage,
         "--images: expected how many, such as 8, or a list of images from 0, such as 10..17 or 3,10..12, found '{}'",
         text);
  }
  if (how_many) request.some = *how_many;
  else request.images = *listed;
}

figure::SheetCaptions captions_of(const CompleteOutcome& outcome, const TrainedModel& model,
                                  const CompletionOptions& options) {
  figure::SheetCaptions captions;
  for (size_t i = 0; i < outcome.images.size(); ++i)
    captions.of_rows.push_back(
        fmt::format("test {}", outcome.images[i]) +
        (outcome.labels.empty() ? "" : ", " + caption_of_class(model.identity.names, outcome.labels[i])));
  captions.of_columns = {"image", "known"};
  for (int64_t k = 0; k < options.per_image; ++k) captions.of_columns.push_back(fmt::format("drawn {}", k));
  return captions;
}

void write(const CompleteOutcome& outcome, const TrainedModel& model, const CompletionWords& words,
           const CompletionOptions& options) {
  if (words.out == "-") {
    fmt::print("{}", text_of(outcome.completions));
  } else if (words.out.ends_with(".png")) {
    write_sheet(words.out, pictures_of(outcome, model, options), static_cast<int>(2 + options.per_image),
                captions_of(outcome, model, options), words.sheet);
  } else if (words.out.ends_with(".h5")) {
    io::write_atomically(words.out, completions_file(outcome, model, options).span());
  } else if (words.out.ends_with(".npy")) {
    io::write_atomically(words.out, completions_array(outcome, model, options));
  } else {
    require_ending(words.out);
    io::write_atomically(words.out, text_of(outcome.completions));
  }
}

}  // namespace

void sample_completions(const TrainedModel& model, const CompletionWords& words, const CompletionOptions& options,
                        LanePool& pool, const Globals& globals) {
  CompleteRequest request{.region = words.region, .images = {}, .label = words.label, .options = options};
  ask_for_images(words.images, request);
  if (!model.identity.data.is_image() && (words.show || words.out.ends_with(".png")))
    fail(ExitCode::kUsage,
         "completed rows of a table are no pictures\n  write them as text or HDF5   -o rows.txt, -o rows.h5");
  const CompleteOutcome outcome = complete(model, request, pool);
  if (!options.ranks.first()) return;
  if (!words.out.empty()) write(outcome, model, words, options);
  if (words.show) {
    show_sheet(pictures_of(outcome, model, options), static_cast<int>(2 + options.per_image),
               captions_of(outcome, model, options), globals);
  }
  if (globals.json) {
    const nlohmann::ordered_json answer = {{"checkpoint", model.path},
                                           {"region", words.region},
                                           {"images", outcome.images.size()},
                                           {"count", outcome.completions.dim(0)},
                                           {"seed", options.seed},
                                           {"file", words.out}};
    fmt::print("{}\n", io::json_line(answer));
  } else if (!words.out.empty() && words.out != "-") {
    log::info("{} completions of {} images in {}", outcome.completions.dim(0), outcome.images.size(), words.out);
  }
}

}  // namespace mlrun::cli
