#include "experiment/mixed_runs.hpp"

#include <map>
#include <optional>

#include "base/error.hpp"
#include "base/home.hpp"
#include "base/log.hpp"
#include "config/yaml_writer.hpp"
#include "experiment/built_model.hpp"
#include "experiment/checkpoint.hpp"
#include "experiment/codes_dataset.hpp"
#include "experiment/origin.hpp"

namespace mlrun {
namespace {

constexpr const char* kMixture = "mixture";
constexpr const char* kAsFound = "as found when the spec was first read";

// The runs to look for; none where that was done already, or there are none.
std::vector<std::string> runs_to_find(const config::Document& document) {
  config::Reader model = document.root().section("model");
  if (!model.has("kind") || !model.has("of")) return {};
  if (model.string("kind", {.fallback = "", .allow_empty = true}) != kMixture) return {};
  const config::Origin of = model.origin("of"), found = model.origin("models");
  const bool known =
      !model.strings("models", {.fallback = std::vector<std::string>{}}).empty();  // not as a starter has it
  if (known && (of.argument > 0) == (found.argument > 0) && (of.argument > 0 || of.file == found.file)) return {};
  return model.strings("of", {});
}

// The section `model` of a spec as a document of its own. Where the runs of a mixture lie is no part of what it is.
std::string model_section(const Experiment& experiment) {
  const std::string prefix = "model.";
  config::Fields fields;
  for (config::FieldRecord field : experiment.fields()) {
    if (!field.path.starts_with(prefix)) continue;
    field.path.erase(0, prefix.size());
    if (experiment.spec().model.facts().fitted_at_once && field.path == "of")
      field.value = config::yaml_list(std::vector<std::string>(experiment.spec().model.facts().parts.size(), "part"));
    fields.push_back(std::move(field));
  }
  return config::resolved_yaml(fields);
}

struct FoundRun {
  Origin origin;
  std::string model;
  uint64_t seed;
  int64_t ways;  // of augmentation that it was told of
};

FoundRun found_run(const std::string& name) {
  try {
    FoundRun run;
    run.origin = origin_named(expand_home(name));
    const Checkpoint checkpoint(run.origin.checkpoint);
    run.model = model_section(checkpoint.experiment());
    run.seed = checkpoint.identity().seed;
    run.ways = checkpoint.identity().data.augmentations;
    return run;
  } catch (const Error& e) {
    throw Error(e.code(), fmt::format("model.of: {}", e.what()));
  }
}

std::vector<std::string> overrides_of(const std::vector<std::string>& names) {
  std::vector<std::string> of, models, seeds, runs, steps, sha256, ways;
  bool any_told = false;
  for (const std::string& name : names) {
    const FoundRun run = found_run(name);
    of.push_back(config::yaml_text(run.origin.checkpoint));
    models.push_back(config::yaml_text(run.model));
    seeds.push_back(std::to_string(run.seed));
    runs.push_back(config::yaml_text(run.origin.run.empty() ? "none" : run.origin.run));
    steps.push_back(std::to_string(run.origin.step));
    sha256.push_back(config::yaml_text(run.origin.sha256));
    ways.push_back(std::to_string(run.ways));
    any_told = any_told || run.ways > 1;
  }
  if (!any_told) ways.clear();  // the default, as in mixtures made before there was augmentation
  std::vector<std::string> overrides;
  for (const auto& [key, values] :
       {std::pair("of", of), std::pair("models", models), std::pair("seeds", seeds), std::pair("runs", runs),
        std::pair("steps", steps), std::pair("sha256", sha256), std::pair("ways", ways)})
    overrides.push_back(fmt::format("model.{}={}", key, config::yaml_list(values)));
  return overrides;
}

Checkpoint open_part(const TrainedPart& part) {
  return open_weights({part.checkpoint, part.run, part.step, part.sha256}, "the weights of a part of the mixture",
                      "  where its run is elsewhere   model.of=[RUN, ...], of all parts");
}

// Of everything that two arenas name by the same paths, one of them below `scope`.
void copy_weights(const BuiltModel& from, const std::string& scope, const std::string& file, BuiltModel& to) {
  std::map<std::string, Tensor> places;
  for (size_t i = 0; i < to.parameters->parameters().size(); ++i)
    places[to.parameters->parameters()[i].path] = to.parameters->value(i);
  for (const StateInfo& state : to.parameters->states()) places[state.path] = state.value;
  const auto put = [&](const std::string& path, const Tensor& value) {
    const auto place = places.find(scope + "/" + path);
    if (place == places.end() || place->second.shape() != value.shape()) {
      fail(ExitCode::kCheckpoint, "{}: {} is {} there, and {} in a model of this data", file, path,
           to_string(value.shape()), place == places.end() ? "nothing" : to_string(place->second.shape()));
    }
    place->second.copy_from(value);
  };
  for (size_t i = 0; i < from.parameters->parameters().size(); ++i)
    put(from.parameters->parameters()[i].path, from.parameters->value(i));
  for (const StateInfo& state : from.parameters->states()) put(state.path, state.value);
}

}  // namespace

void require_parts_found(const std::vector<TrainedPart>& parts) {
  for (const TrainedPart& part : parts)
    if (part.sha256.empty()) found_run(part.checkpoint);
}

config::Document with_runs_found(const ReadDocument& read, const std::vector<std::string>& overrides,
                                 const std::vector<std::string>& places) {
  const std::vector<std::string> names = runs_to_find(read(overrides, places));
  if (names.empty()) return read(overrides, places);
  std::vector<std::string> all = overrides, all_places = places;
  for (size_t i = places.size(); i < overrides.size(); ++i) all_places.push_back(fmt::format("argument {}", i + 1));
  try {
    for (const std::string& found : overrides_of(names)) {
      all.push_back(found);
      all_places.emplace_back(kAsFound);
    }
  } catch (const Error&) {  // whoever needs the runs says why they were not found
    return read(overrides, places);
  }
  return read(all, all_places);
}

void require_symbols_of_parts(const std::vector<TrainedPart>& parts, const Dataset& data) {
  for (const TrainedPart& part : parts) {
    std::optional<Checkpoint> checkpoint;
    try {
      checkpoint.emplace(open_part(part));
    } catch (const Error&) {  // a run that has a checkpoint of its own does without; whoever needs the weights says why
      continue;
    }
    const CheckpointIdentity& there = checkpoint->identity();
    std::string differences = different_symbols(there, data, /*labels=*/false);
    const auto differs = [&](const char* what, const std::string& value, const std::string& here) {
      if (value != here) differences += fmt::format("\n  {}: {} there, {} here", what, value, here);
    };
    differs("shape of the data", to_string(there.data.shape), to_string(data.spec().shape));
    differs("symbol that ends a document", std::to_string(there.data.end), std::to_string(data.spec().end));
    differs("symbols of the question", std::to_string(there.data.given), std::to_string(data.spec().given));
    // Of another stage one the same numbers are other things.
    if (const CodesDataset* codes = as_codes(data); codes && codes->hash() != there.data_hash)
      differs("codes", there.stage_one ? "of another VQ-VAE" : "none", "those of data.from");
    if (differences.empty()) continue;
    fail(ExitCode::kUsage, "model.of: {} is a model of other symbols than those of this data{}", checkpoint->path(),
         differences);
  }
}

void warn_of_odd_parts(const std::vector<TrainedPart>& parts, const Dataset& data) {
  std::map<std::string, size_t> first;  // by the hash of the weights
  for (size_t k = 0; k < parts.size(); ++k) {
    const TrainedPart& part = parts[k];
    if (const auto [same, is_new] = first.emplace(part.sha256, k); !is_new && !part.sha256.empty()) {
      log::warning("model.of: parts {} and {} are the same weights ({}), which is one model with a larger weight",
                   same->second, k, in_words(Origin{part.checkpoint, part.run, part.step, part.sha256}));
      continue;
    }
    std::optional<Checkpoint> checkpoint;
    try {
      checkpoint.emplace(open_part(part));
    } catch (const Error&) {  // a run that has a checkpoint of its own does without
      continue;
    }
    const CheckpointIdentity& there = checkpoint->identity();
    const std::string name = part.run.empty() ? part.checkpoint : part.run;
    if (there.protocol != data.protocol()) {
      log::warning("model.of: {} was trained on other data than those it is mixed for\n  there  {}\n  here   {}", name,
                   there.protocol, data.protocol());
    } else if (there.data_hash != data.hash()) {
      log::warning(
          "model.of: {} was trained on other data: sha256 {:.8} there, {:.8} here; what it has seen may be among what "
          "is evaluated here",
          name, there.data_hash, data.hash());
    }
  }
}

void take_weights_of_parts(const std::vector<TrainedPart>& parts, BuiltModel& built) {
  for (const TrainedPart& part : parts) {
    const Checkpoint checkpoint = open_part(part);
    const CheckpointIdentity& there = checkpoint.identity();
    BuiltModel own = build_model(checkpoint.experiment().spec().model, there.data, there.seed);
    checkpoint.read_parameters(*own.parameters, /*average=*/true);
    copy_weights(own, part.scope, checkpoint.path(), built);
  }
}

}  // namespace mlrun
