// A block of memory that one owner holds: file contents, HDF5 images. Not initialised, so that 144 MB cost no extra
// pass.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <span>
#include <string_view>
#include <utility>

namespace mlrun::io {

class Bytes {
 public:
  Bytes() = default;
  explicit Bytes(size_t size) : data_(static_cast<std::byte*>(std::malloc(size ? size : 1))), size_(size) {
    if (!data_) throw std::bad_alloc();
  }
  // Takes over memory that came from malloc.
  static Bytes adopt(void* data, size_t size) {
    Bytes b;
    b.data_ = static_cast<std::byte*>(data);
    b.size_ = size;
    return b;
  }
  Bytes(Bytes&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, size_t{0})) {}
  Bytes& operator=(Bytes&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~Bytes() { std::free(data_); }

  std::byte* data() { return data_; }
  const std::byte* data() const { return data_; }
  size_t size() const { return size_; }
  std::span<std::byte> span() { return {data_, size_}; }
  std::span<const std::byte> span() const { return {data_, size_}; }
  std::string_view text() const { return {reinterpret_cast<const char*>(data_), size_}; }
  // Keeps the first min(old, new) bytes; large blocks move by remapping, not by copying.
  void resize(size_t size) {
    void* moved = std::realloc(data_, size ? size : 1);
    if (!moved) throw std::bad_alloc();
    data_ = static_cast<std::byte*>(moved);
    size_ = size;
  }

 private:
  std::byte* data_ = nullptr;
  size_t size_ = 0;
};

inline std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

}  // namespace mlrun::io
