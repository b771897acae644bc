// The idx files in which LeCun published MNIST: unsigned bytes with one to three dimensions, big-endian.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "io/bytes.hpp"
#include "tensor/tensor.hpp"

namespace mlrun {

struct IdxArray {
  Shape shape;
  io::Bytes file;
  std::span<const uint8_t> values() const;  // row-major; they end the file
};

// `name` is for messages. Another magic number, a dimension of 0, missing or surplus bytes: Error(kData) naming the
// byte offset, what was found and what was expected.
IdxArray parse_idx(io::Bytes file, const std::string& name, int rank);
IdxArray read_idx(const std::string& path, int rank);  // plain or gzip

}  // namespace mlrun
