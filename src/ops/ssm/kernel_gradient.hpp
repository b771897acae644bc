// Room for the gradients of a state space, whose kernel overwrites that of its input and adds to those of its
// parameters, of all of them or of none.
#pragma once

#include <vector>

#include "autograd/tape.hpp"
#include "ops/gradient_room.hpp"

namespace mlrun::ops {

class KernelGradient {
 public:
  // `values` are the op's inputs, the first of which is what the state space reads; to[i] belongs to values[i].
  KernelGradient(const std::vector<Variable>& values, std::vector<Destination>& to) : to_(to) {
    if (to[0].needed) input_ = room_for(to[0], values[0].shape());
    bool any = false;
    for (size_t i = 1; i < to.size(); ++i) any = any || to[i].needed;
    for (size_t i = 1; any && i < to.size(); ++i) parameters_.push_back(sum_for(to[i], values[i].shape()));
  }
  // Null where none is wanted.
  float* input() { return input_.defined() ? input_.data<float>() : nullptr; }
  float* parameter(size_t i) { return parameters_.empty() ? nullptr : parameters_[i - 1].data<float>(); }
  // Once the kernel has run.
  void finish() { add_gradient(to_[0], input_); }

 private:
  std::vector<Destination>& to_;
  Tensor input_;
  std::vector<Tensor> parameters_;
};

}  // namespace mlrun::ops
