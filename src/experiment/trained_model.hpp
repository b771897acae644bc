// A model with its weights, ready for use: what eval, sample and all later commands start from.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "experiment/autoencoder.hpp"
#include "experiment/built_model.hpp"
#include "experiment/checkpoint_identity.hpp"
#include "experiment/experiment.hpp"
#include "runs/train_state.hpp"

namespace mlrun {

// With `identity.stage_one` it is a prior over the codes of that one.
struct TrainedModel {
  Experiment experiment;
  CheckpointIdentity identity;
  TrainState state;
  std::string path;
  BuiltModel built;
  const AutoregressiveModel& autoregressive() const;  // or Error(kUsage): this kind has no exact likelihood of x
  Autoencoder autoencoder() const;                    // or Error(kUsage): it has no codes
  // What turns the symbols of a prior over codes into images; nullopt: they are the data itself.
  std::optional<Autoencoder> decoder() const;
  // Of what is drawn from it in the end: its data, or the images that its codes decode to, or that stand in its streams.
  const DataSpec& drawn_data() const;
};
// Overrides may change what does not touch the weights, such as model.orders.
TrainedModel load_trained_model(const std::string& checkpoint_path, const std::vector<std::string>& overrides = {});

}  // namespace mlrun
