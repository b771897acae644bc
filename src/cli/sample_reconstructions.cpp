#include "cli/sample_reconstructions.hpp"
#include "io/json_line.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <numeric>
#include <optional>

#include "base/log.hpp"
#include "base/number.hpp"
#include "cli/terminal/braille.hpp"
#include "cli/terminal/terminal.hpp"
#include "experiment/codes_dataset.hpp"
#include "experiment/trained_data.hpp"
#include "generate/picture.hpp"
#include "io/png.hpp"

namespace mlrun::cli {
namespace {

void require_pictures(const TrainedModel& model, const PictureOutput& out) {
  if (out.show || out.file.ends_with(".png")) return;
  fail(ExitCode::kUsage,
       "{}: a VQ-VAE has no law of images to draw from; its reconstructions are a picture   -o pairs.png, or --show\n"
       "  samples come from a prior over its codes   {}",
       model.path, training_a_prior(model.path));
}

void put(const std::vector<io::Image>& images, int columns, const PictureOutput& out, const Globals& globals) {
  if (!out.file.empty()) io::write_png(out.file, sheet_of(images, columns, static_cast<int>(out.scale)));
  if (!out.show) return;
  const Screen screen = screen_of(STDOUT_FILENO, globals.color_choice());
  fmt::print("{}", pictures(images, screen.width(), glyphs_for(screen), columns));
}

std::array<int64_t, 2> parse_pair(const std::string& text, int64_t images) {
  const size_t comma = text.find(',');
  const auto a = parse_integer(text.substr(0, comma));
  const auto b = parse_integer(comma == std::string::npos ? "" : text.substr(comma + 1));
  if (!a || !b || *a < 0 || *b < 0 || *a >= images || *b >= images) {
    fail(ExitCode::kUsage, "--interpolate: expected two images of the test split, A,B, from 0 to {}; found '{}'",
         images - 1, text);
  }
  return {*a, *b};
}

}  // namespace

void sample_reconstructions(const TrainedModel& model, int64_t count, const PictureOutput& out,
                            const Globals& globals) {
  require_pictures(model, out);
  const std::unique_ptr<Dataset> data = data_of(model);
  std::vector<int64_t> rows(static_cast<size_t>(std::min(count, data->count(Split::kTest))));
  std::iota(rows.begin(), rows.end(), int64_t{0});
  put(model.autoencoder().reconstruct(data->batch(Split::kTest, rows, 0).symbols, out.draw), kPairsAcross, out,
      globals);
  if (globals.json) {
    fmt::print("{}\n", io::json_line(nlohmann::ordered_json{
                           {"checkpoint", model.path}, {"count", rows.size()}, {"file", out.file}}));
  } else if (!out.file.empty()) {
    log::info("{} images of the test split and their reconstructions in {}", rows.size(), out.file);
  }
}

void sample_interpolation(const TrainedModel& model, const std::string& pair, int64_t count, const PictureOutput& out,
                          const Globals& globals) {
  const Autoencoder autoencoder = model.autoencoder();
  require_pictures(model, out);
  const std::unique_ptr<Dataset> data = data_of(model);
  const std::array<int64_t, 2> rows = parse_pair(pair, data->count(Split::kTest));
  put(autoencoder.interpolate(data->batch(Split::kTest, rows, 0).symbols, count, out.draw), static_cast<int>(count),
      out, globals);
  if (globals.json) {
    fmt::print("{}\n", io::json_line(nlohmann::ordered_json{
                           {"checkpoint", model.path}, {"images", rows}, {"count", count}, {"file", out.file}}));
  } else if (!out.file.empty()) {
    log::info("{} pictures from test image {} to {} in {}", count, rows[0], rows[1], out.file);
  }
}

}  // namespace mlrun::cli
