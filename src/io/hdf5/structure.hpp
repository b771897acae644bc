// Walks the bytes of an HDF5 file before libhdf5 sees them, which follows addresses, sizes and offsets that it never
// checked (1.10.8 reads address 0 when a group's local heap lies about itself). Format: "HDF5 File Format
// Specification Version 3.0", superblocks 0 to 3, object headers 1 and 2, groups as symbol tables (B-tree version 1,
// local heap) or as link messages.
#pragma once

#include <cstdint>
#include <span>

#include "io/hdf5/cursor.hpp"

namespace mlrun::io {

// Superblock, object headers, B-trees, symbol table nodes, local heaps and contiguous data: every one must lie inside
// the file, no two may share a byte (so there are no loops), counts and names must end inside what holds them. Refuses
// everything else, saying which structure, of which object, at which byte.
void check_hdf5_structure(std::span<const std::byte> file, const Hdf5Refusal& refuse);

}  // namespace mlrun::io
