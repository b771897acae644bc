#include "mixers/mixer.hpp"

#include "base/error.hpp"

namespace mlrun {

void require_equal_width(const MixerShape& shape, const std::string& kind) {
  if (shape.in == shape.width) return;
  fail(ExitCode::kUsage, "mixer {} takes as many channels as it gives ({}), and was given {}\n  with   input=embedding",
       kind, shape.width, shape.in);
}

MixerRegistry& mixer_kinds() {
  static MixerRegistry registry;
  return registry;
}

}  // namespace mlrun
