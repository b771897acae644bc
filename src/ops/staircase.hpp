// Linear layers whose mask is a staircase: each output sees a prefix of the inputs.
#pragma once

#include <cstdint>
#include <vector>

#include "autograd/tape.hpp"

namespace mlrun::ops {

// masked_linear with mask[r, k] = (k < limits[r]); limits[out] does not fall. Blocks that are masked altogether are
// skipped, forward and backward; W must be 0 where masked, and its gradient is 0 there. b may be left out: {}.
Variable staircase_linear(const Variable& x, const Variable& w, const Variable& b, const std::vector<int64_t>& limits);

}  // namespace mlrun::ops
