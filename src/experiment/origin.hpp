// The origin of a run: the checkpoint whose weights are its initial ones (`train --from`, section `origin` of the
// spec). What counts is the SHA-256 of these weights; where they are is only how to find them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "config/reader.hpp"
#include "data/dataset.hpp"

namespace mlrun {

class Checkpoint;
class Experiment;
struct BuiltModel;
struct CheckpointIdentity;

struct Origin {
  std::string checkpoint;  // the file
  std::string run;         // id of the run that it belongs to; "" for a file that is in no run
  int64_t step = 0;        // steps that the weights were trained for there
  std::string sha256;      // of the weights (weights_sha256); "" while the checkpoint could not be read
};

// Reads the section. nullopt: fresh weights. `run`, `step` and `sha256` hold of the checkpoint that they were written
// beside: where another one was given later, by an argument or in a file that extends theirs, they are dropped.
std::optional<Origin> read_origin(config::Reader section);

// The origin that `name` selects: a run, or @last, is its best checkpoint. Errors as find_checkpoint and Checkpoint.
Origin origin_named(const std::string& name);

// Fills in what is not known: a run, or @last, becomes the file of its best checkpoint, and the file is asked for its
// step and weights. An origin with a hash is returned as it is, and no file is opened. Where nothing is found the
// origin stays without a hash: open_origin says why.
Origin identified(Origin origin);

// SHA-256 (hex) of the weights that another run would take: the moving average where there is one, and states.
std::string weights_sha256(const Checkpoint& checkpoint);

// The checkpoint with these weights: the file named, or that of the same run and step in the run root. Error(kUsage)
// where there is no such file or run, Error(kCheckpoint) where it is gone, damaged, or holds other weights.
Checkpoint open_origin(const Origin& origin);
// The same of weights that are for something else: "WHAT are not found: ...", and lines with the remedies.
Checkpoint open_weights(const Origin& origin, const std::string& what, const std::string& remedies);

// Error(kCheckpoint) naming the settings that differ, unless the weights of a checkpoint can be those of this model of
// this data: symbols must have the same meaning (alphabet, vocabulary), labels too where the model uses them, and all
// parameters must have the same shape. Warns of other settings of the model that differ.
void require_weights_fit(const Checkpoint& weights, const Experiment& experiment, const Dataset& data,
                         const BuiltModel& built);

// What makes the symbols of a trained model other ones than those of the data: a line for each difference, "" if they
// mean the same. `labels`: whether these count.
std::string different_symbols(const CheckpointIdentity& there, const Dataset& data, bool labels);

std::string in_words(const Origin& origin);  // "made-20261124-143005-7be1 at step 500, weights 9f3c1a2b4d5e"

}  // namespace mlrun
