#include "cli/sample_completions.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <nlohmann/json.hpp>

#include "base/log.hpp"
#include "base/number.hpp"
#include "cli/sample_law.hpp"
#include "cli/terminal/braille.hpp"
#include "commands/answer_files.hpp"
#include "commands/sample/complete.hpp"
#include "generate/picture.hpp"
#include "io/file.hpp"
#include "io/json_line.hpp"
#include "io/png.hpp"

namespace mlrun::cli {
namespace {

// How many from the first image on, or a list of numbers and ranges FIRST..LAST.
std::vector<int64_t> images_named(const std::string& text) {
  constexpr int64_t kMost = 1'000'000;
  const bool how_many = text.find_first_of(".,") == std::string::npos;
  std::vector<int64_t> images;
  size_t begin = 0;
  do {
    const size_t end = std::min(text.find(',', begin), text.size());
    const std::string part = text.substr(begin, end - begin);
    const size_t dots = part.find("..");
    auto first = parse_integer(part.substr(0, dots));
    auto last = dots == std::string::npos ? first : parse_integer(part.substr(dots + 2));
    if (how_many && first) last = *first - 1, first = 0;
    if (!first || !last || *first < 0 || *last < *first || *last >= kMost - static_cast<int64_t>(images.size())) {
      fail(ExitCode::kUsage,
           "--images: expected how many, such as 8, or a list of images from 0, such as 10..17 or 3,10..12, found '{}'",
           text);
    }
    for (int64_t i = *first; i <= *last; ++i) images.push_back(i);
    begin = end + 1;
  } while (begin <= text.size());
  return images;
}

void write(const CompleteOutcome& outcome, const TrainedModel& model, const CompletionWords& words,
           const CompletionOptions& options) {
  if (words.out == "-") {
    fmt::print("{}", text_of(outcome.completions));
  } else if (words.out.ends_with(".png")) {
    io::write_png(words.out,
                  sheet_of(pictures_of(outcome, model, options), static_cast<int>(2 + options.per_image), words.scale));
  } else if (words.out.ends_with(".h5")) {
    io::write_atomically(words.out, completions_file(outcome, model, options).span());
  } else if (words.out.ends_with(".txt")) {
    io::write_atomically(words.out, text_of(outcome.completions));
  } else {
    fail(ExitCode::kUsage, "-o {}: expected a name ending in .png, .h5 or .txt, or - for stdout", words.out);
  }
}

}  // namespace

void sample_completions(const TrainedModel& model, const CompletionWords& words, const CompletionOptions& options,
                        LanePool& pool, const Globals& globals) {
  const CompleteOutcome outcome = complete(
      model, {.region = words.region, .images = images_named(words.images), .label = words.label, .options = options},
      pool);
  if (!words.out.empty()) write(outcome, model, words, options);
  if (words.show) {
    const Screen screen = screen_of(STDOUT_FILENO, globals.color_choice());
    const std::vector<io::Image> rows = pictures_of(outcome, model, options);
    const auto per_row = static_cast<size_t>(2 + options.per_image);
    for (size_t begin = 0; begin < rows.size(); begin += per_row) {  // a narrow screen breaks the row of one image
      const std::vector<io::Image> row(rows.begin() + static_cast<std::ptrdiff_t>(begin),
                                       rows.begin() + static_cast<std::ptrdiff_t>(begin + per_row));
      fmt::print("{}{}", begin > 0 ? "\n" : "", pictures(row, screen.width(), glyphs_for(screen)));
    }
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
