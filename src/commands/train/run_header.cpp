#include "commands/train/run_header.hpp"

#include <algorithm>
#include <cctype>

#include "base/error.hpp"
#include "commands/runs/show.hpp"
#include "evaluate/evaluate.hpp"
#include "train/run_facts.hpp"

namespace mlrun {

RunHeader header_of(const Trainer& trainer, const RunDirectory& directory, int threads) {
  const Experiment& experiment = trainer.experiment();
  const CheckpointIdentity id = trainer.identity();
  RunHeader h;
  h.spec = experiment.source();
  h.fingerprint = id.fingerprint;
  h.data = id.data_description;
  h.data_hash = id.data_hash;
  h.model = experiment.spec().model.kind();
  for (const config::FieldRecord& field : experiment.fields()) {
    if (field.path.rfind("model.", 0) != 0 || field.path == "model.kind" || field.type == config::FieldType::kSection ||
        field.in_full_only)
      continue;
    h.model_text += (h.model_text.empty() ? "" : "  ") + field.path.substr(6) + " " + shortened(field.value);
  }
  h.parameters = trainer.built().parameters->parameter_count();
  h.active_parameters = active_parameters(trainer.built());
  h.lanes = experiment.lanes();
  h.threads = threads;
  h.ranks = trainer.reducer().ranks().size();
  h.directory = directory.path();
  if (const auto& origin = experiment.origin()) h.origin = in_words(*origin);
  h.item = trainer.data().spec().is_image() ? "img" : "seq";
  h.dimension = dimension_of(*trainer.built().model, trainer.data());
  h.accuracy = trainer.built().model->has_accuracy();
  h.loss_is_nll = trainer.built().model->loss_is_nll();
  h.total_steps = trainer.length().total_steps;
  if (h.total_steps == 0) h.total_minutes = experiment.spec().train.duration.amount;
  return h;
}

std::string expand_name(const std::string& name_template, const config::Fields& fields) {
  std::string out;
  for (size_t i = 0; i < name_template.size(); ++i) {
    const size_t end = name_template[i] == '{' ? name_template.find('}', i) : std::string::npos;
    if (end == std::string::npos) {
      out += name_template[i];
      continue;
    }
    const std::string path = name_template.substr(i + 1, end - i - 1);
    const auto field =
        std::find_if(fields.begin(), fields.end(), [&](const config::FieldRecord& f) { return f.path == path; });
    if (field == fields.end())
      fail(ExitCode::kUsage, "name: '{}' names no field of the spec ({})", path, name_template);
    for (const char c : field->value)
      out += std::isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '-' || c == '_' ? c : '-';
    i = end;
  }
  return out.substr(0, 64);
}

}  // namespace mlrun
