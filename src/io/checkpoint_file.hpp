// The container of a checkpoint: a user block of 512 bytes, then an ordinary HDF5 file, which h5dump and h5py open as
// they are.
//
//    0   8  "mlrunckp"            24  32  SHA-256 of the payload (everything after the user block)
//    8   4  format version        56 424  zero
//   12   4  flags, 0             480  32  SHA-256 of bytes 0 .. 479
//   16   8  payload length
//
// Integers are little-endian. Every bit of the file is covered by a checksum, which is checked before HDF5 sees a byte:
// HDF5 alone loads one in six single-bit errors silently wrong.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "io/bytes.hpp"
#include "io/hdf5/reader.hpp"

namespace mlrun::io {

inline constexpr size_t kUserBlockBytes = 512;
inline constexpr uint32_t kCheckpointFormat = 1;

// Writes the image that Hdf5Writer::finish gave, atomically. Error(kDisk).
void write_checkpoint(const std::string& path, Bytes image);

// The same bytes in memory.
Bytes seal(Bytes image);

// Verifies and opens. Anything but the exact bytes that were written: Error(kCheckpoint) naming path and what was
// found.
Hdf5Reader open_checkpoint(const std::string& path);

// Does the file verify? For looking through a directory of checkpoints; never throws for a bad file. `reason`
// (optional) receives the message.
bool verify_checkpoint(const std::string& path, std::string* reason = nullptr);

}  // namespace mlrun::io
