// A spec's model, built for its data, with the arena of its parameters.
#pragma once

#include <cstdint>
#include <memory>

#include "data/dataset.hpp"
#include "experiment/experiment.hpp"
#include "models/model.hpp"

namespace mlrun {

// A model with its parameters. `seed` fixes orders and degrees; initial values are drawn by
// parameters->initialise(seed).
struct BuiltModel {
  std::unique_ptr<ParameterArena> parameters;
  std::unique_ptr<Model> model;
};
// How many parameters a position uses: all of them, but for experts to which it is not sent.
int64_t active_parameters(const BuiltModel& built);
// "255,889 parameters", or "1,016,272 parameters (352,144 active)".
std::string parameters_in_words(int64_t all, int64_t active);

BuiltModel build_model(const ModelRegistry::Choice& choice, const DataSpec& data, uint64_t seed);
// The model of an experiment for its data. A model that needs labels of data that has none is Error(kUsage) with the
// data's own reason.
BuiltModel build_model(const Experiment& experiment, const Dataset& data);

}  // namespace mlrun
