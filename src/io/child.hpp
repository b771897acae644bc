// Runs code that a file may lead astray in a process of its own, and reads what it writes. Whatever happens there, a
// crash, a loop, memory without end, this process goes on and can say so.
#pragma once

#include <sys/types.h>
#include <cstdint>

#include <cstddef>
#include <functional>
#include <string>

namespace mlrun::io {

class Child {
 public:
  // Forks. In the child, `body` writes to the descriptor `out`; the child ends when it returns or throws. There, no
  // file can be opened, written or left as a core dump, memory may grow by `memory_bytes`, and the signals that a user
  // sends to the group are left to the parent. The caller holds the locks that `body` takes: other threads do not come
  // along. Error(kInternal) where no process can be made.
  Child(uint64_t memory_bytes, const std::function<void(int out)>& body);
  ~Child();  // ends it
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  // The next `size` bytes; false when they do not come: fate() then says why. A child that writes nothing for a minute
  // is taken to be lost.
  bool read(void* to, size_t size);
  std::string fate();  // "was ended by signal 11 (Segmentation fault)", "ended too early", "said nothing for 60 s"

 private:
  int in_ = -1;
  pid_t pid_ = -1;
  bool silent_ = false;
};

// For `body`: all of it, or the child ends.
void write_to_parent(int out, const void* data, size_t size);

}  // namespace mlrun::io
