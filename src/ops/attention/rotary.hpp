// Rotary positions: kernels/attention/rotary.hpp has the formula.
#pragma once

#include "autograd/tape.hpp"

namespace mlrun::ops {

// x [n, length, heads * size], cosines and sines [length, pairs] -> x's shape.
Variable rotate(const Variable& x, int64_t heads, const Tensor& cosines, const Tensor& sines);

}  // namespace mlrun::ops
