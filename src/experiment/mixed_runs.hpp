// The runs that a mixture is made of (`model: {kind: mixture, of: [RUN, ...]}`): found once, when the spec is first read.
//
// The resolved spec then holds, beside the file of each, what its model is (its section `model` and its seed), its run,
// its step and the SHA-256 of its weights; so the model is built from the spec alone, and a checkpoint of the mixture,
// which holds all weights, needs no other run.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "config/document.hpp"
#include "experiment/built_model.hpp"
#include "experiment/experiment.hpp"

namespace mlrun {

// Reads a document with overrides and their places (as config::Document).
using ReadDocument =
    std::function<config::Document(const std::vector<std::string>& overrides, const std::vector<std::string>& places)>;

// The document as it is read, or where it names runs of a mixture that were not looked for yet, with what was found of
// them. Runs that were given later than what was found (by an override, or in a file that extends theirs) are looked
// for again. Where one of them is not found nothing is added, and the parts of the model have no SHA-256.
config::Document with_runs_found(const ReadDocument& read, const std::vector<std::string>& overrides,
                                 const std::vector<std::string>& places);

// The errors of find_checkpoint and Checkpoint, naming the run, where a part (Facts::parts) was not found.
void require_parts_found(const std::vector<TrainedPart>& parts);

// Error(kUsage) where a part is a model of other symbols than those of the data; of parts whose weights are
// not found nothing is said.
void require_symbols_of_parts(const std::vector<TrainedPart>& parts, const Dataset& data);

// A warning for each part that has the weights of another, or was trained on data of another protocol or content: that
// may be meant, but an NLL that is too good may come of it.
void warn_of_odd_parts(const std::vector<TrainedPart>& parts, const Dataset& data);

// Puts the weights of the parts into their places in a model. Error(kCheckpoint) where those of a part are not found, or
// are others.
void take_weights_of_parts(const std::vector<TrainedPart>& parts, BuiltModel& built);

}  // namespace mlrun
