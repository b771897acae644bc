// A block of memory that one owner holds: file contents, HDF5 images. Not initialised, so that 144 MB cost no extra
// pass. It may be a file that is mapped (io::map_file): then the system reads its pages when they are looked at, and
// takes them back when it needs the memory for something else; they cannot be written to.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
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
  // Takes over memory that came from mmap of a file, from the file's first byte on; size > 0.
  static Bytes adopt_mapping(void* data, size_t size) {
    Bytes b = adopt(data, size);
    b.mapped_ = true;
    return b;
  }
  Bytes(Bytes&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)),
        size_(std::exchange(other.size_, size_t{0})),
        mapped_(std::exchange(other.mapped_, false)) {}
  Bytes& operator=(Bytes&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(mapped_, other.mapped_);
    return *this;
  }
  ~Bytes() {
    if (mapped_) ::munmap(data_, size_);
    else std::free(data_);
  }

  std::byte* data() { return data_; }
  const std::byte* data() const { return data_; }
  size_t size() const { return size_; }
  std::span<std::byte> span() { return {data_, size_}; }
  std::span<const std::byte> span() const { return {data_, size_}; }
  std::string_view text() const { return {reinterpret_cast<const char*>(data_), size_}; }
  // Says that the bytes before `end` will not be looked at soon: where they are a file's, their memory is free for
  // others at once. They stay what they are.
  void pass_over(size_t end) const {
    const auto page = static_cast<size_t>(::sysconf(_SC_PAGESIZE));
    if (const size_t whole = std::min(end, size_) / page * page; mapped_ && whole > 0)
      ::madvise(data_, whole, MADV_DONTNEED);
  }
  // Keeps the first min(old, new) bytes; large blocks move by remapping, not by copying.
  void resize(size_t size) {
    if (mapped_) {
      Bytes copy(size);
      std::memcpy(copy.data_, data_, std::min(size, size_));
      *this = std::move(copy);
      return;
    }
    void* moved = std::realloc(data_, size ? size : 1);
    if (!moved) throw std::bad_alloc();
    data_ = static_cast<std::byte*>(moved);
    size_ = size;
  }

 private:
  std::byte* data_ = nullptr;
  size_t size_ = 0;
  bool mapped_ = false;
};

inline std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

}  // namespace mlrun::io
