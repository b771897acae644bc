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
  // Pages of the system's own, zero at first: `resize` moves them and never copies, so that what grows to a size takes no
  // more memory than that. malloc does the same for large blocks in some processes, and copies in others.
  static Bytes pages(size_t size) {
    void* data = ::mmap(nullptr, size ? size : 1, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (data == MAP_FAILED) throw std::bad_alloc();
    Bytes b = adopt(data, size);
    b.memory_ = Memory::kPages;
    return b;
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
    b.memory_ = Memory::kFile;
    return b;
  }
  Bytes(Bytes&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)),
        size_(std::exchange(other.size_, size_t{0})),
        memory_(std::exchange(other.memory_, Memory::kMalloc)) {}
  Bytes& operator=(Bytes&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(memory_, other.memory_);
    return *this;
  }
  ~Bytes() {
    if (memory_ == Memory::kMalloc) std::free(data_);
    else ::munmap(data_, size_ ? size_ : 1);
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
    if (const size_t whole = std::min(end, size_) / page * page; memory_ == Memory::kFile && whole > 0)
      ::madvise(data_, whole, MADV_DONTNEED);
  }
  // Keeps the first min(old, new) bytes; those of pages() move by remapping, not by copying.
  void resize(size_t size) {
    if (memory_ == Memory::kFile) {
      Bytes copy(size);
      std::memcpy(copy.data_, data_, std::min(size, size_));
      *this = std::move(copy);
      return;
    }
    void* moved = memory_ == Memory::kPages ? ::mremap(data_, size_ ? size_ : 1, size ? size : 1, MREMAP_MAYMOVE)
                                            : std::realloc(data_, size ? size : 1);
    if (!moved || moved == MAP_FAILED) throw std::bad_alloc();
    data_ = static_cast<std::byte*>(moved);
    size_ = size;
  }

 private:
  std::byte* data_ = nullptr;
  size_t size_ = 0;
  enum class Memory : uint8_t { kMalloc, kPages, kFile } memory_ = Memory::kMalloc;
};

inline std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

}  // namespace mlrun::io
