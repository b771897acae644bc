// NumPy's .npy files: every version, order and byte order, of whole and real numbers.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "io/bytes.hpp"
#include "tensor/tensor.hpp"

namespace mlrun::io {

struct NpyArray {
  enum class Type { kBool, kU8, kS8, kU16, kS16, kU32, kS32, kU64, kS64, kF16, kF32, kF64 };
  Type type = Type::kU8;
  bool big_endian = false;
  bool fortran_order = false;  // the first index varies fastest
  Shape shape;                 // at least 1 dimension
  Bytes file;
  size_t offset = 0;  // of the values in `file`

  std::span<const std::byte> values() const { return file.span().subspan(offset); }
  double value(int64_t index) const;  // of the flat row-major array; integers beyond 2^53 are rounded
};

// Error(kData) naming `name`, with the line of Python that mends it where there is one: wrong magic, unknown version,
// objects, records, text, complex numbers and times, a scalar, a header that is not exactly NumPy's, missing or
// trailing bytes.
NpyArray parse_npy(Bytes file, const std::string& name);
// Further lines of a refusal: the command that writes the file's array x anew as `python` says, and what to read then.
std::string npy_remedy(const std::string& path, const std::string& python);

}  // namespace mlrun::io
