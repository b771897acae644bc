#include "run/trained_data.hpp"

#include <algorithm>

#include "base/error.hpp"

namespace mlrun {

std::unique_ptr<Dataset> data_of(const TrainedModel& trained) {
  std::unique_ptr<Dataset> data =
      trained.experiment.spec().data.build(data_sources_from_environment(trained.identity.seed));
  if (data->hash() != trained.identity.data_hash) {
    fail(ExitCode::kData, "{}: trained on data with sha256 {:.12}, and the data found now has {:.12}", trained.path,
         trained.identity.data_hash, data->hash());
  }
  return data;
}

std::unique_ptr<Dataset> grey_data_of(const TrainedModel& trained) {
  const config::Fields& fields = trained.experiment.fields();
  if (std::none_of(fields.begin(), fields.end(), [](const auto& f) { return f.path == "data.binarization"; }))
    return nullptr;
  const Experiment grey = Experiment::from_text(trained.identity.resolved_yaml, trained.path,
                                                {"data.binarization=none"}, {"the grey levels"});
  return grey.spec().data.build(data_sources_from_environment(trained.identity.seed));
}

}  // namespace mlrun
