#include "cli/sample_reconstructions.hpp"

#include <unistd.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <numeric>

#include "base/log.hpp"
#include "cli/braille.hpp"
#include "cli/terminal.hpp"
#include "generate/picture.hpp"
#include "io/png.hpp"
#include "run/reconstructions.hpp"
#include "run/trained_data.hpp"

namespace mlrun::cli {

void sample_reconstructions(const TrainedModel& model, int64_t count, const std::string& out, bool show, int64_t scale,
                            const Globals& globals) {
  if (!show && !out.ends_with(".png")) {
    fail(ExitCode::kUsage,
         "{}: a VQ-VAE has no law of images to draw from; its reconstructions are a picture   -o pairs.png, or --show\n"
         "  samples come from a prior over its codes   mlrun train configs/vqvae_prior.yaml data.from={}",
         model.path, model.path);
  }
  const std::unique_ptr<Dataset> data = data_of(model);
  std::vector<int64_t> rows(static_cast<size_t>(std::min(count, data->count(Split::kTest))));
  std::iota(rows.begin(), rows.end(), int64_t{0});
  const std::vector<io::Image> pairs =
      pairs_of(model.code_model(), *model.built.parameters, data->batch(Split::kTest, rows, 0).symbols);
  if (!out.empty()) io::write_png(out, sheet_of(pairs, kPairsAcross, static_cast<int>(scale)));
  if (show) {
    const Screen screen = screen_of(STDOUT_FILENO, globals.color_choice());
    fmt::print("{}", pictures(pairs, screen.width(), glyphs_for(screen), kPairsAcross));
  }
  if (globals.json) {
    fmt::print("{}\n",
               nlohmann::ordered_json{{"checkpoint", model.path}, {"count", rows.size()}, {"file", out}}.dump());
  } else if (!out.empty()) {
    log::info("{} images of the test split and their reconstructions in {}", rows.size(), out);
  }
}

}  // namespace mlrun::cli
