// Moving numbers: reshape, slices, concatenation, permutations of axes, picking by index. Negative axes count from the
// end.
#pragma once

#include <cstdint>
#include <vector>

#include "autograd/tape.hpp"

namespace mlrun::ops {

Variable reshape(const Variable& x, const Shape& shape);  // one dimension may be -1
Variable slice(const Variable& x, int64_t axis, int64_t begin, int64_t end);
Variable concat(const std::vector<Variable>& parts, int64_t axis);
Variable permute(const Variable& x, const std::vector<int64_t>& order);  // result axis i is axis order[i] of x
Variable transpose(const Variable& x);                                   // swaps the last two axes

// x[..., n] -> [..., k]: y[..., j] = x[..., columns[j]]. A column may be taken more than once.
Variable take(const Variable& x, const std::vector<int64_t>& columns);
// The same for groups of `width` neighbours: x[..., n width] -> [..., k width].
Variable take_groups(const Variable& x, const std::vector<int64_t>& groups, int64_t width);

}  // namespace mlrun::ops
