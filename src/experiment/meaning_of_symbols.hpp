// What symbols stand for, in a checkpoint: the characters of a text, captions and pictures in one stream.
#pragma once

#include <string>

#include "experiment/checkpoint_identity.hpp"
#include "io/hdf5/reader.hpp"
#include "io/hdf5/writer.hpp"

namespace mlrun {

// Below `data`, "data" or "stage_one/data".
void write_meaning(io::Hdf5Writer& file, const std::string& data, const CheckpointIdentity& identity);
// Into an identity whose shape and alphabet are read. What a checkpoint says is believed in nothing: Error(kCheckpoint)
// for what does not go with them.
void read_meaning(const io::Hdf5Reader& file, const std::string& data, CheckpointIdentity& identity);

}  // namespace mlrun
