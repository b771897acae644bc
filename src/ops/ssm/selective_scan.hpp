// The selective scan of Mamba: kernels/ssm/selective_scan.hpp.
#pragma once

#include "autograd/tape.hpp"

namespace mlrun::ops {

// u and delta [n, length, channels], a [channels, states] <= 0, b and c [n, length, states], skip [channels] -> like u
Variable selective_scan(const Variable& u, const Variable& delta, const Variable& a, const Variable& b,
                        const Variable& c, const Variable& skip);

}  // namespace mlrun::ops
