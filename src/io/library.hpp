// Which HDF5 this process runs on.
#pragma once

#include <string>

namespace mlrun::io {

std::string hdf5_version();  // "1.10.8"

}  // namespace mlrun::io
