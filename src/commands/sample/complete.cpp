#include "commands/sample/complete.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "data/shown_rows.hpp"
#include "experiment/same_on_all_ranks.hpp"
#include "experiment/trained_data.hpp"
#include "generate/picture.hpp"

namespace mlrun {

CompleteOutcome complete(const TrainedModel& trained, const CompleteRequest& request, LanePool& pool) {
  const AutoregressiveModel& model = trained.autoregressive();
  CompleteOutcome outcome;
  outcome.region = region_named(request.region, model.data(), trained.identity.names.columns);
  const Completer completer(model, *trained.built.parameters, outcome.region);
  outcome.orders = completer.orders();
  const std::unique_ptr<Dataset> data = data_of(trained);
  outcome.images = request.images.empty() ? shown_rows(*data, Split::kTest, request.some) : request.images;
  const int64_t count = data->count(Split::kTest);
  for (const int64_t image : outcome.images) {
    if (image < count) continue;
    fail(ExitCode::kUsage, "--images: image {} of a test split of {} images, which are 0 to {}", image, count,
         count - 1);
  }
  require_share_for_each(request.options.ranks, static_cast<int64_t>(outcome.images.size()) * request.options.per_image,
                         "completion");
  const Batch batch = data->batch(Split::kTest, outcome.images, 0);
  outcome.originals = batch.symbols;
  if (model.conditional()) {
    if (request.label) outcome.labels.assign(outcome.images.size(), *request.label);
    else if (batch.labels.defined()) {
      outcome.labels.assign(batch.labels.data<int32_t>(), batch.labels.data<int32_t>() + batch.labels.count());
    }
  }
  outcome.completions = completer.draw(outcome.originals, outcome.images, outcome.labels, request.options, pool);
  return outcome;
}

std::vector<io::Image> pictures_of(const CompleteOutcome& outcome, const TrainedModel& model,
                                   const CompletionOptions& options) {
  const DataSpec& data = model.identity.data;
  const std::vector<uint8_t>& known = outcome.region.known;
  const std::optional<Autoencoder> decoder = model.decoder();
  if (!decoder) return completion_rows(images_of(outcome.originals, data), known, images_of(outcome.completions, data));
  const Shape& image = decoder->images().shape;
  std::vector<uint8_t> pixels;
  for (int64_t r = 0; r < image[0]; ++r) {
    for (int64_t c = 0; c < image[1]; ++c)
      pixels.push_back(known[static_cast<size_t>(decoder->model().code_of_pixel(r, c))]);
  }
  const PixelDraw how = {.seed = options.seed, .law = options.law};
  return completion_rows(decoder->decode(outcome.originals, how), pixels, decoder->decode(outcome.completions, how));
}

}  // namespace mlrun
