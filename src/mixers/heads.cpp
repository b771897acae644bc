#include "mixers/heads.hpp"

#include <fmt/format.h>

#include <cstdlib>

#include "base/error.hpp"

namespace mlrun {

int64_t head_size(const std::string& kind, int64_t channels, int64_t heads, int64_t multiple) {
  const auto works = [&](int64_t h) { return channels % h == 0 && channels / h % multiple == 0; };
  if (works(heads)) return channels / heads;
  int64_t nearest = 0;
  for (int64_t h = 1; h <= channels; ++h) {
    if (works(h) && (nearest == 0 || std::abs(h - heads) < std::abs(nearest - heads))) nearest = h;
  }
  const std::string parts = multiple == 1 ? "equal parts" : fmt::format("equal parts of a multiple of {}", multiple);
  fail(ExitCode::kUsage, "mixer {} has {} channels, which {} heads do not divide into {}\n  with   {}", kind, channels,
       heads, parts,
       nearest > 0 ? fmt::format("model.mixer.heads={}", nearest)
                   : fmt::format("a width that is a multiple of {}", multiple));
}

}  // namespace mlrun
