// The idx files in which LeCun published MNIST: numbers with one to three dimensions, big-endian. His are unsigned
// bytes; wider numbers are read where they are whole and 0 .. 255.
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
// byte offset, what was found and what was expected; so is a number that is no byte, with the command that writes the
// file anew.
IdxArray parse_idx(io::Bytes file, const std::string& name, int rank);
IdxArray read_idx(const std::string& path, int rank);  // plain or gzip

}  // namespace mlrun
