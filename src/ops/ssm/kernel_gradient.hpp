// Room for the gradients of a state space, whose kernel overwrites that of its input and adds to those of its
// parameters, of all of them or of none.
#pragma once

#include <vector>

#include "autograd/tape.hpp"
#include "kernels/vector/elementwise.hpp"

namespace mlrun::ops {

class KernelGradient {
 public:
  // `values` are the op's inputs, the first of which is what the state space reads; to[i] belongs to values[i].
  KernelGradient(const std::vector<Variable>& values, std::vector<Destination>& to) : to_(to) {
    if (to[0].needed) input_ = to[0].accumulate ? Tensor(values[0].shape()) : to[0].tensor;
    bool any = false;
    for (size_t i = 1; i < to.size(); ++i) any = any || to[i].needed;
    for (size_t i = 1; any && i < to.size(); ++i) {
      if (to[i].needed && !to[i].accumulate) to[i].tensor.fill(0);
      parameters_.push_back(to[i].needed ? to[i].tensor : Tensor::zeros(values[i].shape()));
    }
  }
  // Null where none is wanted.
  float* input() { return input_.defined() ? input_.data<float>() : nullptr; }
  float* parameter(size_t i) { return parameters_.empty() ? nullptr : parameters_[i - 1].data<float>(); }
  // Once the kernel has run.
  void finish() {
    if (to_[0].needed && to_[0].accumulate) kernels::add_to(to_[0].tensor, input_);
  }

 private:
  std::vector<Destination>& to_;
  Tensor input_;
  std::vector<Tensor> parameters_;
};

}  // namespace mlrun::ops
