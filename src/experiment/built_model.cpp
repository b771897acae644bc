#include "experiment/built_model.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/memory.hpp"
#include "base/number.hpp"
#include "experiment/mixed_runs.hpp"
#include "models/modelled.hpp"

namespace mlrun {

int64_t active_parameters(const BuiltModel& built) {
  return built.parameters->parameter_count() - built.model->inactive_parameters();
}

std::string parameters_in_words(int64_t all, int64_t active) {
  const std::string words = print_thousands(all) + " parameters";
  return active == all ? words : fmt::format("{} ({} active)", words, print_thousands(active));
}

BuiltModel build_model(const ModelRegistry::Choice& choice, const DataSpec& data, uint64_t seed) {
  BuiltModel built;
  built.parameters = std::make_unique<ParameterArena>();
  built.model = choice.build(data, Scope(*built.parameters, seed));
  built.model->require_question_first();
  const int64_t parameters = built.parameters->parameter_count();
  require_memory(sizeof(float) * static_cast<double>(parameters),
                 fmt::format("a model of {} parameters", print_thousands(parameters)), "");
  built.parameters->allocate();
  return built;
}

BuiltModel build_model(const Experiment& experiment, const Dataset& data) {
  for (const config::FieldRecord& field : experiment.fields()) {
    if (field.path != "model.condition" || field.value == "none" || data.spec().classes > 0) continue;
    fail(ExitCode::kUsage, "model.condition {} needs labels, and {}\n  without them   model.condition=none",
         field.value, data.why_no_labels());
  }
  const std::vector<TrainedPart> parts = experiment.spec().model.facts().parts;
  require_parts_found(parts);
  require_symbols_of_parts(parts, data);
  warn_of_odd_parts(parts, data);
  BuiltModel built = build_model(experiment.spec().model, data.spec(), experiment.spec().seed);
  if (data.spec().augmentations > 1 && !built.model->told_of_augmentation()) {
    const std::string kind = experiment.spec().model.kind();
    const bool could_be = built.model->autoregressive() && !experiment.spec().model.facts().fitted_at_once;
    fail(ExitCode::kUsage,
         "data.augment: a {} model is not told how an image was changed, and would model changed images as well\n"
         "{}  without augmentation      leave data.augment out",
         kind,
         could_be ? fmt::format("  one that is told          'model={{kind: augmented, of: {{kind: {}}}}}'\n", kind)
                  : std::string());
  }
  return built;
}

}  // namespace mlrun
