// A file that is written piece by piece, and appears under its name whole or not at all.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "io/bytes.hpp"

namespace mlrun::io {

class Descriptor;

// Writes a temporary beside `path` (path.PID-RANDOM.tmp), which commit() renames and the destructor else removes.
// Every failure is Error(kDisk) naming path, bytes and reason, after which the temporary is gone and only the
// destructor may be called. Refuses to replace what is not a regular file (/dev/null, a directory).
class NewFile {
 public:
  explicit NewFile(std::string path, uint64_t expected = 0);  // `expected` bytes: for messages, where it is known
  ~NewFile();
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;

  uint64_t size() const { return size_; }
  void append(std::span<const std::byte> bytes);
  void overwrite(uint64_t offset, std::span<const std::byte> bytes);  // of what was appended
  // What was appended so far, as it is now; it stays when the file does not. An empty file has no bytes.
  Bytes map();
  void commit();  // flushes, renames and flushes the directory

 private:
  [[noreturn]] void give_up(const char* doing, int error);

  std::string path_, temporary_;
  uint64_t expected_, size_ = 0;
  std::unique_ptr<Descriptor> file_;
};

}  // namespace mlrun::io
