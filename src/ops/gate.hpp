// Gated units (kernels/vector/gate.hpp).
#pragma once

#include "autograd/tape.hpp"

namespace mlrun::ops {

// x [..., 2 c] = (s, g) -> tanh(s) * sigmoid(g) [..., c]
Variable gate(const Variable& x);
// x [..., 2 c] = (s, g) -> s * sigmoid(g) [..., c]
Variable glu(const Variable& x);

}  // namespace mlrun::ops
