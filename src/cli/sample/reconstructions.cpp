#include "cli/sample/reconstructions.hpp"

#include <array>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/log.hpp"
#include "base/number.hpp"
#include "commands/answer_files.hpp"
#include "data/shown_rows.hpp"
#include "experiment/codes_dataset.hpp"
#include "experiment/trained_data.hpp"
#include "figure/sheet.hpp"
#include "io/file.hpp"
#include "io/json_line.hpp"

namespace mlrun::cli {
namespace {

void require_pictures(const TrainedModel& model, const PictureOutput& out) {
  for (const char* ending : {".png", ".npy"})
    if (out.file.ends_with(ending)) return;
  if (out.show && out.file.empty()) return;
  fail(ExitCode::kUsage,
       "{}: a VQ-VAE has no law of images to draw from; its reconstructions are a picture or an array   -o pairs.png, "
       "-o pairs.npy, or --show\n"
       "  samples come from a prior over its codes   {}",
       model.path, training_a_prior(model.path));
}

// `together`: pictures that belong to one example; in an array they have a dimension of their own.
void put(const std::vector<io::Image>& images, int64_t together, int columns, const figure::SheetCaptions& captions,
         const PictureOutput& out, const Globals& globals) {
  if (out.file.ends_with(".npy")) io::write_atomically(out.file, pictures_array(images, together));
  else if (!out.file.empty()) write_sheet(out.file, images, columns, captions, out.sheet);
  if (out.show) show_sheet(images, columns, captions, globals);
}

figure::SheetCaptions captions_of_pairs(const std::vector<int64_t>& rows) {
  figure::SheetCaptions captions;
  for (const int64_t row : rows) {
    captions.of_each.push_back(fmt::format("test {}", row));
    captions.of_each.emplace_back("decoded");
  }
  return captions;
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
  const std::vector<int64_t> rows = shown_rows(*data, Split::kTest, count);
  put(model.autoencoder().reconstruct(data->batch(Split::kTest, rows, 0).symbols, out.draw), 2, kPairsAcross,
      captions_of_pairs(rows), out, globals);
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
  figure::SheetCaptions captions;
  captions.of_each.resize(static_cast<size_t>(count));
  captions.of_each.front() = fmt::format("test {}", rows[0]);
  captions.of_each.back() = fmt::format("test {}", rows[1]);
  put(autoencoder.interpolate(data->batch(Split::kTest, rows, 0).symbols, count, out.draw), 1, static_cast<int>(count),
      captions, out, globals);
  if (globals.json) {
    fmt::print("{}\n", io::json_line(nlohmann::ordered_json{
                           {"checkpoint", model.path}, {"images", rows}, {"count", count}, {"file", out.file}}));
  } else if (!out.file.empty()) {
    log::info("{} pictures from test image {} to {} in {}", count, rows[0], rows[1], out.file);
  }
}

}  // namespace mlrun::cli
