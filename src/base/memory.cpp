#include "base/memory.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <cstring>

#include "base/cpu.hpp"
#include "base/error.hpp"

namespace mlrun {

void require_memory(double bytes, std::string_view what, std::string_view remedy) {
  const auto there = static_cast<double>(memory_bytes());
  if (bytes <= there) return;
  fail(ExitCode::kUsage, "{} needs {:.1f} GB of memory, and there are {:.1f} GB{}{}", what, bytes / 1e9, there / 1e9,
       remedy.empty() ? "" : "\n  ", remedy);
}

void release_pages(void* begin, size_t bytes) {
  const auto page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
  const auto first = reinterpret_cast<uintptr_t>(begin), end = first + bytes;
  const uintptr_t from = (first + page - 1) / page * page, to = end / page * page;
  if (from >= to || madvise(reinterpret_cast<void*>(from), to - from, MADV_DONTNEED) != 0) {
    std::memset(begin, 0, bytes);
    return;
  }
  std::memset(begin, 0, from - first);
  std::memset(reinterpret_cast<void*>(to), 0, end - to);
}

}  // namespace mlrun
