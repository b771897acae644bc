// How a uniform number becomes a symbol: shared by all samplers, so that they draw the same images.
#pragma once

#include <array>
#include <cstdint>

#include "base/random.hpp"

namespace mlrun {

// The uniforms of one image, step by step: number t is word t % 4 of block t / 4 of the image's stream.
class Uniforms {
 public:
  explicit Uniforms(const RandomStream& stream) : stream_(stream) {}
  double next() {  // (0, 1)
    if (step_ % 4 == 0) block_ = stream_.block(step_ / 4);
    return (static_cast<double>(block_[step_++ % 4]) + 0.5) * 0x1p-32;
  }

 private:
  RandomStream stream_;
  uint64_t step_ = 0;
  std::array<uint32_t, 4> block_{};
};

// The symbol that the uniform u picks from the logits of one image at one step, divided by the temperature: by the
// inverse of the distribution function.
int32_t draw_symbol(const float* logits, int64_t alphabet, double u, double temperature);

}  // namespace mlrun
