// Numbers from an HDF5 file that somebody else wrote: h5py, pandas, PyTables, MATLAB.
//
// Checkpoints are walked byte by byte before libhdf5 sees them (io/hdf5/structure.hpp), which allows the plain layout
// that mlrun writes and nothing else. The world's files are chunked, compressed, linked and indexed in a dozen ways; a
// walk over all of them would be as large as the library, and wrong somewhere. So libhdf5 itself reads them, in a child
// process (io/child.hpp) that holds the file's bytes in memory, can open no file and run no plugin, and sends numbers
// back: where a damaged file makes it crash, loop or swallow memory, the child is gone and a message says so. What the
// child sends is believed in nothing either. Only what the path leads to is read, whatever else the file holds.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>

#include "tensor/tensor.hpp"

namespace mlrun::io {

struct NumberSink {
  std::function<void(const Shape& shape)> shape;               // called once, first; it may throw
  std::function<void(std::span<const double> values)> values;  // then all values, row-major, in pieces
};

// Integers and IEEE floats of any size and byte order, h5py's bool (an enumeration), PyTables' bool (a bit field of one
// byte); contiguous, compact or chunked, with the filters that libhdf5 has (deflate, shuffle, fletcher32, szip where it
// is built in, nbit, scale-offset); over hard and soft links. Refused in words, with the line of Python that mends it
// where there is one: other types and filters, virtual and external storage, external links, groups (their content is
// named). Error(kData) starts with "FILE:/DATASET". `max_bytes`: of the file.
void read_hdf5_numbers(const std::string& file, const std::string& dataset, uint64_t max_bytes, const NumberSink& sink);

// Further lines of a refusal: the command that writes the dataset's array x anew as `python` says, and what to read
// then.
std::string hdf5_remedy(const std::string& file, const std::string& dataset, const std::string& python);

}  // namespace mlrun::io
