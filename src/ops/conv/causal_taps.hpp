// The short causal convolution of each channel, with SiLU: kernels/conv/causal_taps.hpp.
#pragma once

#include "autograd/tape.hpp"

namespace mlrun::ops {

// x [n, length, channels], w [taps, channels] (the last tap is the position itself), bias [channels] -> like x
Variable causal_taps(const Variable& x, const Variable& w, const Variable& bias);

}  // namespace mlrun::ops
