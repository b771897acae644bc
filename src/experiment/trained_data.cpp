#include "experiment/trained_data.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "experiment/codes_dataset.hpp"

namespace mlrun {

std::unique_ptr<Dataset> build_data(const Experiment& experiment, const DataSources& sources,
                                    const TrainedModel& trained) {
  const auto from = [](const config::Fields& fields) {
    const auto found = std::find_if(fields.begin(), fields.end(), [](const auto& f) { return f.path == "data.from"; });
    return found == fields.end() ? std::string() : found->value;
  };
  if (trained.identity.stage_one && from(experiment.fields()) == from(trained.experiment.fields())) {
    return std::make_unique<CodesDataset>(trained.identity.stage_one, sources);
  }
  return experiment.spec().data.build(sources);
}

std::unique_ptr<Dataset> data_of(const TrainedModel& trained) {
  std::unique_ptr<Dataset> data =
      build_data(trained.experiment, data_sources_from_environment(trained.identity.seed), trained);
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
