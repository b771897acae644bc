// What the forward and backward halves of NADE agree on, whatever the instruction set.
#pragma once

#include <algorithm>

#include "tensor/tensor.hpp"

namespace mlrun::kernels {

// The tape holds the pre-activations at every kBorder-th step, from which backward replays the block. A multiple of 8.
inline constexpr int64_t kBorder = 56;

// Makes `tensor` hold at least `count` floats; what it held is lost.
inline void reserve(Tensor& tensor, int64_t count) {
  if (!tensor.defined() || tensor.count() < count) tensor = Tensor({count});
}

}  // namespace mlrun::kernels
