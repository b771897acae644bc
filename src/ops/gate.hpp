// The gated activation unit (van den Oord et al. 2016, eq. 2).
#pragma once

#include "autograd/tape.hpp"

namespace mlrun::ops {

// x [..., 2 c] = (s, g) -> tanh(s) * sigmoid(g) [..., c]
Variable gate(const Variable& x);

}  // namespace mlrun::ops
