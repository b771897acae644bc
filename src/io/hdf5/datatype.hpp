// The descriptions of types and shapes inside an HDF5 file, walked byte by byte as libhdf5 will walk them: what they
// nest, name and count must lie inside their message. For the .cpp files of this room only.
#pragma once

#include "io/hdf5/cursor.hpp"

namespace mlrun::io {

// Both pass over one description and return what it counts.
uint64_t check_hdf5_datatype(Hdf5Cursor& cursor);   // bytes of one value
uint64_t check_hdf5_dataspace(Hdf5Cursor& cursor);  // values; the largest uint64_t if they are more

}  // namespace mlrun::io
