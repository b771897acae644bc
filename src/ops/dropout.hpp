// Dropout (Srivastava et al. 2014).
#pragma once

#include "autograd/tape.hpp"
#include "base/random.hpp"

namespace mlrun::ops {

// x m with m = 0 with probability p, else 1 / (1 - p); x itself when not training or p = 0. The mask is a function of
// the stream and the index of a number in x: give each layer, step and lane its own stream.
Variable dropout(const Variable& x, float p, const RandomStream& stream, bool training);

}  // namespace mlrun::ops
