// What is in an HDF5 file, found by visiting everything in it, and refused where mlrun would not have written it. For
// the .cpp files of this room only.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "io/hdf5/cursor.hpp"
#include "io/hdf5/library.hpp"
#include "io/hdf5/reader.hpp"

namespace mlrun::io {

// Path without leading slash ("" is the root) -> the dataset, or nothing for a group.
using Hdf5Contents = std::map<std::string, std::optional<Hdf5Dataset>>;

// `file_bytes`: where stored data must end. Call it with the session held.
Hdf5Contents scan_hdf5(hid_t file, uint64_t file_bytes, const Hdf5Refusal& refuse);

// The type of values of this HDF5 type; for text, its length in `length`. Refuses what has no name in
// Hdf5Dataset::Type.
Hdf5Dataset::Type hdf5_value_type(hid_t type, size_t* length, const std::string& where, const Hdf5Refusal& refuse);
Shape hdf5_shape(hid_t space, const std::string& where, const Hdf5Refusal& refuse);  // counts fit in 62 bits

// A text value of `length` bytes as its padding rule says.
std::string hdf5_text(hid_t type, const char* value, size_t length);

}  // namespace mlrun::io
