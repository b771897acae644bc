// Rotary position embedding (Su et al. 2021): pairs of a head's numbers are turned by an angle that grows with the
// position, so that the product of a turned query and a turned key depends on the distance of their positions.
#pragma once

#include <cstdint>

#include "kernels/ssm/sequence_rows.hpp"

namespace mlrun::kernels {

// The head's numbers 0 .. 2 pairs - 1 are turned, number i together with number i + pairs; those behind are left alone.
struct RotaryShape {
  int64_t sequences = 0, length = 0;
  int64_t heads = 1, size = 0;  // numbers of a head
  int64_t pairs = 0;
};

// cosines and sines: [length, pairs]. y may be x. back: by the opposite angles, which is the gradient.
void rotate(const RotaryShape& shape, const float* cosines, const float* sines, bool back, SequenceRows<const float> x,
            SequenceRows<float> y);

}  // namespace mlrun::kernels
