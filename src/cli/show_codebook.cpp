#include "cli/show_codebook.hpp"
#include "io/json_line.hpp"

#include <unistd.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/lanes.hpp"
#include "cli/terminal/braille.hpp"
#include "cli/terminal/terminal.hpp"
#include "evaluate/evaluate.hpp"
#include "experiment/trained_data.hpp"
#include "models/codes/code_model.hpp"

namespace mlrun::cli {
namespace {

constexpr int kHeight = 32, kMostColumns = 128;

// Bars from the most used code to the least, each of as many codes as it takes; the highest fills the picture.
io::Image bars_of(std::vector<int64_t> counts) {
  std::sort(counts.begin(), counts.end(), std::greater<>());
  const auto codes = static_cast<int64_t>(counts.size());
  const int64_t columns = std::min<int64_t>(codes, kMostColumns);
  io::Image image = io::Image::filled(static_cast<int>(columns), kHeight, 0);
  for (int64_t c = 0; c < columns; ++c) {
    const int64_t count = counts[static_cast<size_t>(c * codes / columns)];
    const auto bar = static_cast<int>((count * kHeight + counts[0] - 1) / counts[0]);  // any use shows
    for (int y = kHeight - bar; y < kHeight; ++y) image.at(static_cast<int>(c), y) = 255;
  }
  return image;
}

}  // namespace

void show_codebook(const std::string& checkpoint, const Globals& globals) {
  const TrainedModel trained = load_trained_model(checkpoint);
  const Autoencoder autoencoder = trained.autoencoder();
  const std::unique_ptr<Dataset> data = data_of(trained);
  LanePool pool(threads_for(kMostLanes, 0));
  const CodeUse use = *evaluate(autoencoder.model(), autoencoder.parameters(), *data, Split::kValid, {}, pool).codes;
  if (globals.json) {
    nlohmann::ordered_json answer = {{"checkpoint", checkpoint}, {"split", "valid"}, {"codes", use.codes()}};
    for (const auto& [column, value] : use.columns()) answer[column] = value;
    answer["counts"] = use.counts;
    fmt::print("{}\n", io::json_line(answer));
    return;
  }
  const Screen screen = screen_of(STDOUT_FILENO, globals.color_choice());
  fmt::print("{}", pictures({bars_of(use.counts)}, screen.width(), glyphs_for(screen)));
  fmt::print("{} of {} codes used on the valid split, most used first; perplexity {:.1f}, quantization error {:.4g}\n",
             use.used(), use.codes(), use.perplexity(), use.quantization_error);
  if (use.restarted > 0) fmt::print("{} codes were restarted in training\n", use.restarted);
  if (const std::string warning = use.warning(); !warning.empty()) fmt::print("{}\n", warning);
}

}  // namespace mlrun::cli
