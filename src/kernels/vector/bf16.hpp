// bf16 is the upper half of an f32: the same range, and 8 bits of precision.
#pragma once

#include "tensor/tensor.hpp"

namespace mlrun::kernels {

// f32 -> bf16 of the same shape, rounded to the nearest, of two equally near ones to the even one. What lies beyond the
// largest number becomes infinity, and NaN stays NaN.
Tensor to_bf16(const Tensor& x);

}  // namespace mlrun::kernels
