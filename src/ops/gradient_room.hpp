// For joint rules whose kernels overwrite: room for the gradient of an input, which is its own place where nothing has
// arrived there yet, and memory to be added to it where something has, or where nobody wants it.
#pragma once

#include "autograd/tape.hpp"
#include "kernels/vector/elementwise.hpp"

namespace mlrun::ops {

inline Tensor room_for(const Destination& to, const Shape& shape) {
  return to.needed && !to.accumulate ? to.tensor : Tensor(shape);
}
inline void leave_in(Destination& to, const Tensor& room) {
  if (to.needed && to.accumulate) kernels::add_to(to.tensor, room);
}

}  // namespace mlrun::ops
