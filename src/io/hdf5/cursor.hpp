// Reads a stretch of an HDF5 file that is not trusted: never a byte outside it, and a refusal that says where it was.
// Numbers are little-endian. For the .cpp files of this room only.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace mlrun::io {

using Hdf5Refusal = std::function<void(const std::string& why)>;  // throws

inline constexpr uint64_t kNoHdf5Address = ~uint64_t{0};  // "undefined": all bits set

class Hdf5Cursor {
 public:
  // `offset`: of the first byte in the file. `where`: "the object header of /model".
  Hdf5Cursor(std::span<const std::byte> bytes, uint64_t offset, std::string where, const Hdf5Refusal& refuse)
      : bytes_(bytes), offset_(offset), where_(std::move(where)), refuse_(&refuse) {}

  uint64_t offset() const { return offset_; }
  uint64_t left() const { return bytes_.size(); }
  const std::string& where() const { return where_; }

  uint64_t number(size_t width, std::string_view what);  // 1 to 8 bytes
  uint64_t number_in(size_t width, std::string_view what, uint64_t lowest, uint64_t highest);
  uint64_t address(std::string_view what) { return number(8, what); }
  void no_address(std::string_view what);  // it must be undefined
  std::string_view text(uint64_t size, std::string_view what);
  std::string_view terminated(std::string_view what);  // up to the zero byte, which is passed over
  void skip(uint64_t size, std::string_view what);
  void signature(std::string_view expected);
  Hdf5Cursor part(uint64_t size, std::string_view what);  // the next `size` bytes, passed over here

  [[noreturn]] void refuse(const std::string& found, std::string_view expected) const;

 private:
  void need(uint64_t size, std::string_view what) const;

  std::span<const std::byte> bytes_;
  uint64_t offset_;
  std::string where_;
  const Hdf5Refusal* refuse_;
};

}  // namespace mlrun::io
