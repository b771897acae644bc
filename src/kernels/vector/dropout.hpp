// The random mask of dropout (Srivastava et al. 2014).
#pragma once

#include "base/random.hpp"
#include "tensor/tensor.hpp"

namespace mlrun::kernels {

// 0 with probability p, else 1 / (1 - p); 0 <= p < 1. A number depends on the stream and on its index in the tensor
// only, not on the shape.
Tensor dropout_mask(const Shape& shape, float p, const RandomStream& stream);

}  // namespace mlrun::kernels
