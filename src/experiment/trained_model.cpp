#include "experiment/trained_model.hpp"

#include "base/advice.hpp"
#include "base/error.hpp"
#include "experiment/checkpoint.hpp"
#include "models/codes/code_model.hpp"

namespace mlrun {

const AutoregressiveModel& TrainedModel::autoregressive() const {
  const AutoregressiveModel* model = built.model->autoregressive();
  if (model) return *model;
  const std::string kind = experiment.spec().model.kind();
  if (built.model->predicts_labels()) {
    fail(ExitCode::kUsage,
         "{}: a {} model is a classifier: it says p(y|x), and has no likelihood of x to sample from, to prove or to "
         "code "
         "with\n"
         "  what it says   {}",
         path, kind, advice::command({"eval", path}));
  }
  fail(ExitCode::kUsage,
       "{}: a {} model is not autoregressive: it has no exact likelihood to sample from, to prove or to code with",
       path, kind);
}

Autoencoder TrainedModel::autoencoder() const {
  const CodeModel* model = built.model->code_model();
  if (!model) fail(ExitCode::kUsage, "{}: a {} model, and no VQ-VAE", path, experiment.spec().model.kind());
  return {*model, *built.parameters};
}

std::optional<Autoencoder> TrainedModel::decoder() const {
  if (!identity.stage_one) return std::nullopt;
  return identity.stage_one->autoencoder();
}

const DataSpec& TrainedModel::drawn_data() const {
  if (identity.caption_stream) return identity.caption_stream->picture();
  return identity.stage_one ? identity.stage_one->identity.data : identity.data;
}

TrainedModel load_trained_model(const std::string& checkpoint_path, const std::vector<std::string>& overrides) {
  const Checkpoint checkpoint(checkpoint_path);
  Experiment experiment = checkpoint.experiment(overrides);
  BuiltModel built = build_model(experiment.spec().model, checkpoint.identity().data, checkpoint.identity().seed);
  checkpoint.read_parameters(*built.parameters, /*average=*/true);
  return {std::move(experiment), checkpoint.identity(), checkpoint.state(), checkpoint_path, std::move(built)};
}

}  // namespace mlrun
