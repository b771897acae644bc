// NumPy's .npy files, versions 1 and 2, C order, one or two dimensions, little-endian.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "io/bytes.hpp"
#include "tensor/tensor.hpp"

namespace mlrun::io {

struct NpyArray {
  enum class Type { kBool, kU8, kS8, kS32, kS64, kF32, kF64 };
  Type type = Type::kU8;
  Shape shape;  // 1 or 2 dimensions
  Bytes file;
  size_t offset = 0;  // of the values in `file`

  std::span<const std::byte> values() const { return file.span().subspan(offset); }
  double value(int64_t index) const;  // of the flat array; integers beyond 2^53 are rounded
};

// Error(kData) naming `name`: wrong magic, unknown version or type, Fortran order, more dimensions, a header that is
// not exactly NumPy's, missing or trailing bytes.
NpyArray parse_npy(Bytes file, const std::string& name);
NpyArray read_npy(const std::string& path, uint64_t max_bytes);  // plain or gzip

}  // namespace mlrun::io
