#include "base/memory.hpp"

#include "base/cpu.hpp"
#include "base/error.hpp"

namespace mlrun {

void require_memory(double bytes, std::string_view what, std::string_view remedy) {
  const auto there = static_cast<double>(memory_bytes());
  if (bytes <= there) return;
  fail(ExitCode::kUsage, "{} needs {:.1f} GB of memory, and there are {:.1f} GB{}{}", what, bytes / 1e9, there / 1e9,
       remedy.empty() ? "" : "\n  ", remedy);
}

}  // namespace mlrun
