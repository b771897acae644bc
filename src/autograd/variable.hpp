// A tensor that may have a gradient.
#pragma once

#include <cstdint>
#include <memory>

#include "tensor/tensor.hpp"

namespace mlrun {

class Tape;

// A shared handle. A constant has no tape and never gets a gradient; everything computed from constants only is
// constant.
class Variable {
 public:
  Variable() = default;
  Variable(Tensor value);  // NOLINT: a constant; implicit on purpose, so that ops take plain tensors as well

  const Tensor& value() const { return node_->value; }
  const Shape& shape() const { return node_->value.shape(); }
  int64_t dim(int64_t axis) const { return node_->value.dim(axis); }
  bool defined() const { return node_ != nullptr; }
  bool needs_gradient() const { return node_ != nullptr && node_->tape != nullptr; }
  // After Tape::backward, for leaves only (inner gradients are freed on the way); undefined where none arrived.
  const Tensor& gradient() const { return node_->gradient; }

 private:
  friend class Tape;
  struct Node {
    Tensor value;
    Tensor gradient;
    Tape* tape = nullptr;
    bool windowed = false;    // the gradient lives in a given window (a leaf's place in a gradient arena)
    bool accumulate = false;  // what the window holds before the backward pass counts
    bool arrived = false;     // something was written to the gradient in this backward pass
  };
  std::shared_ptr<Node> node_;
};

}  // namespace mlrun
