// Reads an HDF5 file held in memory, believing nothing it says. Its bytes are walked before the library sees them
// (io/hdf5/structure.hpp), and a file whose structures lie is refused. Every object is visited when it is opened, and
// the file is refused if it holds a soft, external or user-defined link, a loop, external or virtual storage, chunks or
// filters, variable-length data, a type other than integer, IEEE float or fixed-length text, or data that reach past
// its end.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "io/bytes.hpp"
#include "tensor/tensor.hpp"

namespace mlrun::io {

struct Hdf5Dataset {
  enum class Type { kF32, kF64, kS8, kU8, kS16, kU16, kS32, kU32, kS64, kU64, kBF16, kText };
  Type type = Type::kF32;
  Shape shape;        // {} is a scalar
  int64_t bytes = 0;  // of all values as stored; for text, count x length
};
const char* name_of(Hdf5Dataset::Type type);  // "f32"

// Every failure is Error(code) that starts with `name` (the file's path) and says where in the file and what was found.
// Asking for a path that is not there is such a failure too.
class Hdf5Reader {
 public:
  // `file`: the whole file, user block included if it has one.
  Hdf5Reader(Bytes file, std::string name, ExitCode code);
  ~Hdf5Reader();
  Hdf5Reader(Hdf5Reader&&) noexcept;
  Hdf5Reader& operator=(Hdf5Reader&&) noexcept;

  const std::string& name() const;
  ExitCode code() const;
  bool has(const std::string& path) const;  // a group or a dataset
  bool is_group(const std::string& path) const;
  std::vector<std::string> children(const std::string& group) const;  // names, sorted; "" or "/" is the root
  std::vector<std::string> datasets(const std::string& group) const;  // paths below it, relative to it, sorted
  const Hdf5Dataset& dataset(const std::string& path) const;

  Tensor tensor(const std::string& path) const;                   // f32, bf16, s32 or u8, with the shape found
  void read_into(const std::string& path, Tensor& values) const;  // dtype and shape must be those of `values`
  std::vector<double> reals(const std::string& path) const;       // any number type, any shape, row-major
  std::vector<int64_t> integers(const std::string& path) const;   // any integer type
  double real(const std::string& path) const;                     // one number
  int64_t integer(const std::string& path) const;
  std::string text(const std::string& path) const;  // a scalar

  bool has_attribute(const std::string& path, const std::string& attribute) const;
  int64_t integer_attribute(const std::string& path, const std::string& attribute) const;
  double real_attribute(const std::string& path, const std::string& attribute) const;
  std::string text_attribute(const std::string& path, const std::string& attribute) const;
  std::vector<std::string> texts_attribute(const std::string& path, const std::string& attribute) const;

 private:
  struct File;
  std::unique_ptr<File> file_;
};

Hdf5Reader open_hdf5(const std::string& path, uint64_t max_bytes, ExitCode code);  // a file on disk

}  // namespace mlrun::io
