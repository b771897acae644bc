// Bytes that only grow, and may become more than fit into memory.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include "io/bytes.hpp"
#include "io/new_file.hpp"

namespace mlrun::io {

// In memory up to 64 MiB, then in a file without a name in `folder`, which is gone when its last reader is. Where the
// folder cannot be written, or is full, they stay in memory. folder "": always in memory.
class ByteStore {
 public:
  explicit ByteStore(std::string folder = "") : folder_(std::move(folder)) {}

  void append(std::span<const std::byte> bytes);
  Bytes finish() &&;

 private:
  void spill();

  std::string folder_;
  std::unique_ptr<NewFile> file_;  // all but the tail
  Bytes tail_;
  size_t used_ = 0;  // of the tail
};

}  // namespace mlrun::io
