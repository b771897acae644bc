// Moving numbers without changing them: permutations of axes, slices, concatenations. Any dtype.
#pragma once

#include <cstdint>
#include <vector>

#include "tensor/tensor.hpp"

namespace mlrun::kernels {

// result axis i is axis order[i] of x (NumPy's transpose).
Tensor permute(const Tensor& x, const std::vector<int64_t>& order);
Tensor transpose(const Tensor& x);  // swaps the last two axes

// [begin, end) of one axis (negative counts from the end).
Tensor slice(const Tensor& x, int64_t axis, int64_t begin, int64_t end);
// Writes `part` to [begin, begin + its size) of that axis of `whole`.
void set_slice(Tensor& whole, const Tensor& part, int64_t axis, int64_t begin);
Tensor concat(const std::vector<Tensor>& parts, int64_t axis);  // at least one part

}  // namespace mlrun::kernels
