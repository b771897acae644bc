#include "commands/complete.hpp"

#include "base/error.hpp"
#include "experiment/trained_data.hpp"

namespace mlrun {

CompleteOutcome complete(const TrainedModel& trained, const CompleteRequest& request, LanePool& pool) {
  const AutoregressiveModel& model = trained.autoregressive();
  CompleteOutcome outcome;
  outcome.region = region_named(request.region, model.data());
  const Completer completer(model, *trained.built.parameters, outcome.region);
  outcome.orders = completer.orders();
  const std::unique_ptr<Dataset> data = data_of(trained);
  outcome.images = request.images;
  const int64_t count = data->count(Split::kTest);
  for (const int64_t image : outcome.images) {
    if (image < count) continue;
    fail(ExitCode::kUsage, "--images: image {} of a test split of {} images, which are 0 to {}", image, count,
         count - 1);
  }
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

}  // namespace mlrun
