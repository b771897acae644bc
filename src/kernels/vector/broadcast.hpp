// Arithmetic on two tensors with NumPy's broadcasting: shapes are aligned at the last axis, and an axis of 1 (or a
// missing one) is repeated. f32 only.
#pragma once

#include <cstdint>

#include "tensor/tensor.hpp"

namespace mlrun::kernels {

Shape broadcast_shape(const Shape& a, const Shape& b);  // an error (exit code 1) when they do not fit

Tensor add(const Tensor& a, const Tensor& b);
Tensor sub(const Tensor& a, const Tensor& b);
Tensor mul(const Tensor& a, const Tensor& b);
Tensor div(const Tensor& a, const Tensor& b);

Tensor broadcast_to(const Tensor& x, const Shape& shape);
// The reverse of broadcast_to: sums over the axes along which `shape` was repeated. Shares storage when there is none.
Tensor sum_to_shape(const Tensor& x, const Shape& shape);

}  // namespace mlrun::kernels
