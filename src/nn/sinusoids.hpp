// Sinusoidal position vectors (Vaswani et al. 2017, section 3.5).
#pragma once

#include "tensor/tensor.hpp"

namespace mlrun {

// to[2 i] = sin(position / 10000^(2 i / width)), to[2 i + 1] = the cosine.
void sinusoid(int64_t position, int64_t width, float* to);
Tensor sinusoids(int64_t length, int64_t width);  // [length, width]

}  // namespace mlrun
