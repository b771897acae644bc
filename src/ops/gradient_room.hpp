// Memory for the gradients that a kernel computes for several inputs at once. Where no gradient of an input has been computed
// before, that is the gradient's own place, so that nothing is copied.
#pragma once

#include "autograd/tape.hpp"
#include "kernels/vector/elementwise.hpp"

namespace mlrun::ops {

// For a kernel that overwrites: add_gradient below then adds it to what is in its place already, if anything is.
inline Tensor room_for(const Destination& to, const Shape& shape) {
  return to.needed && !to.accumulate ? to.tensor : Tensor(shape);
}
// The same, zeroed, for a kernel that adds to what it is given.
inline Tensor zeroed_room_for(const Destination& to, const Shape& shape) {
  Tensor room = room_for(to, shape);
  room.fill(0);
  return room;
}
inline void add_gradient(Destination& to, const Tensor& room) {
  if (to.needed && to.accumulate) kernels::add_to(to.tensor, room);
}

// For a kernel that adds, and may add to the sum of the gradients that were computed before: their place itself.
inline Tensor sum_for(const Destination& to, const Shape& shape) {
  if (!to.needed) return Tensor::zeros(shape);
  Tensor sum = to.tensor;
  if (!to.accumulate) sum.fill(0);
  return sum;
}

}  // namespace mlrun::ops
