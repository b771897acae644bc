#include "mixers/mixer.hpp"

#include "base/error.hpp"

namespace mlrun {

void require_equal_width(const MixerShape& shape, const std::string& kind) {
  if (shape.in == shape.width) return;
  fail(ExitCode::kUsage, "mixer {} takes as many channels as it gives ({}), and was given {}\n  with   input=embedding",
       kind, shape.width, shape.in);
}

void MixerStepper::mark() {
  marked_.clear();
  for (const Tensor& part : state()) marked_.push_back(part.clone());
  marked_t_ = t_;
}

void MixerStepper::rewind() {
  std::vector<Tensor> parts = state();
  require(parts.size() == marked_.size(), "a stepper that goes back to a place it never marked");
  for (size_t i = 0; i < parts.size(); ++i) parts[i].copy_from(marked_[i]);
  t_ = marked_t_;
}

MixerRegistry& mixer_kinds() {
  static MixerRegistry registry;
  return registry;
}

}  // namespace mlrun
