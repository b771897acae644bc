// Root mean square normalization of what a gate lets through: kernels/vector/gated_norm.hpp.
#pragma once

#include "autograd/tape.hpp"

namespace mlrun::ops {

// x and z [..., width], gain [width] -> rms_norm(x silu(z)) gain
Variable gated_norm(const Variable& x, const Variable& z, const Variable& gain, float epsilon = 1e-5f);

}  // namespace mlrun::ops
