// What a checkpoint says of where its weights come from: spec, data, seed, the steps so far, and of a prior over codes the
// model of the codes.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "data/captions/stream.hpp"
#include "data/vocabulary.hpp"
#include "io/hdf5/reader.hpp"
#include "io/hdf5/writer.hpp"
#include "runs/history.hpp"
#include "symbols/data_names.hpp"
#include "symbols/data_spec.hpp"

namespace mlrun {

struct TrainedModel;

struct CheckpointIdentity {
  std::string resolved_yaml, fingerprint, lineage;
  DataSpec data;
  std::string data_hash, protocol, data_description;
  DataNames names;                              // of classes and columns, where the data give them names
  std::optional<Vocabulary> vocabulary;         // of a text: what its symbols stand for
  std::optional<CaptionStream> caption_stream;  // of captions and pictures in one stream: likewise
  uint64_t seed = 0;
  History history;                                // of the steps so far
  std::shared_ptr<const TrainedModel> stage_one;  // of a prior over codes: the model of the codes; else null
};

// Below `at`, "" or "stage_one/". The history and the model of the codes are written apart from it.
void write_identity(io::Hdf5Writer& file, const std::string& at, const CheckpointIdentity& identity);
// Likewise. What a file says is believed in nothing: Error(kCheckpoint) for what cannot be.
CheckpointIdentity read_identity(const io::Hdf5Reader& file, const std::string& at);

}  // namespace mlrun
