// Linear layers whose mask is a staircase: each output sees a prefix of the inputs.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "autograd/tape.hpp"
#include "kernels/product/staircase.hpp"

namespace mlrun::ops {

using StaircasePtr = std::shared_ptr<const kernels::Staircase>;

// x[n, in] W[out, in]^T + b[out] with mask[r, k] = (k < limits[r]); limits[out] never fall. Blocks that are masked
// altogether are skipped, forward and backward. W must be 0 behind the staircase, and its gradient is 0 there. b may be
// left out: {}.
Variable staircase_linear(const Variable& x, const Variable& w, const Variable& b, StaircasePtr staircase);

}  // namespace mlrun::ops
