// An HDF5 file that lies in memory, opened by libhdf5. For the .cpp files of this room only.
#pragma once

#include "io/bytes.hpp"
#include "io/hdf5/library.hpp"

namespace mlrun::io {

// For reading; `bytes` stay where they are until the file is closed. Not valid where libhdf5 refuses them:
// hdf5_reason(). Call it with the session held.
Hdf5Handle open_hdf5_in_memory(Bytes& bytes);

}  // namespace mlrun::io
