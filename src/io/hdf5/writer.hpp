// Builds an HDF5 file in memory; the same calls give the same bytes. The bytes are then written by write_atomically or
// write_checkpoint, because HDF5's own writing can report success on a full disk and leaves an unreadable file when
// killed.
#pragma once

#include <concepts>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "io/bytes.hpp"
#include "tensor/tensor.hpp"

namespace mlrun::io {

// Paths are absolute or relative to the root ("model/decoder/weight"); missing groups on the way are made. Writing a
// path twice, or an attribute of a path that does not exist, is a bug (exit code 1). Safe to use from any thread; one
// writer belongs to one thread at a time.
class Hdf5Writer {
 public:
  Hdf5Writer();
  ~Hdf5Writer();
  Hdf5Writer(Hdf5Writer&&) noexcept;
  Hdf5Writer& operator=(Hdf5Writer&&) noexcept;

  void group(const std::string& path);  // fine if it exists
  // Contiguous and little-endian: f32, s32, u8 as such; bf16 as raw 16-bit integers with the attribute dtype="bf16"
  // (HDF5 1.10 misrounds 16-bit floats).
  void dataset(const std::string& path, const Tensor& values);
  void dataset(const std::string& path, const std::vector<double>& values);   // 1-D
  void dataset(const std::string& path, const std::vector<int64_t>& values);  // 1-D
  void text(const std::string& path, std::string_view value);                 // scalar, UTF-8, of any length
  void scalar(const std::string& path, double value);
  template <std::integral T>
  void scalar(const std::string& path, T value) {
    integer_scalar(path, static_cast<int64_t>(value));
  }

  // An attribute of the group or dataset at `path` ("/": the root); together at most 64 kB per object.
  void attribute(const std::string& path, const std::string& name, double value);
  void attribute(const std::string& path, const std::string& name, std::string_view value);
  void attribute(const std::string& path, const std::string& name, const std::vector<std::string>& values);
  template <std::integral T>
  void attribute(const std::string& path, const std::string& name, T value) {
    integer_attribute(path, name, static_cast<int64_t>(value));
  }

  Bytes finish();  // the file's bytes, without a copy; the writer is then empty and may only be destroyed

 private:
  void integer_scalar(const std::string& path, int64_t value);
  void integer_attribute(const std::string& path, const std::string& name, int64_t value);

  struct File;
  std::unique_ptr<File> file_;
};

}  // namespace mlrun::io
