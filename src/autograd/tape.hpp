// The engine: an eager tape of first derivatives.
//
// An op computes its result and states, for each input separately, the rule that turns dy (the gradient of the result)
// into that input's gradient. Only the tape accumulates. A rule of an input that needs no gradient is dropped at once,
// with all it captured. Creation order is topological order, so backward is a loop, not a recursion, and it frees
// activations on its way.
#pragma once

#include <functional>
#include <type_traits>
#include <utility>
#include <vector>

#include "autograd/variable.hpp"

namespace mlrun {

// Where a rule leaves a gradient that it computes in place (a GEMM with beta, a NADE backward).
struct Destination {
  bool needed = false;      // joint rules: false where that input wants no gradient (tensor is undefined then)
  bool accumulate = false;  // add to what is there; otherwise overwrite (the memory holds nothing of value)
  bool windowed = false;  // a leaf's window (Tape::leaf): numbers that no rule ever writes are zeros and may be skipped
  Tensor tensor;          // of the input's shape
  // Leaves a gradient that was computed elsewhere there, if one is needed.
  void put(const Tensor& gradient);
};

class Rule {
 public:
  using Returning = std::function<Tensor(const Tensor& dy)>;
  using Writing = std::function<void(const Tensor& dy, Destination& to)>;

  template <class F>
  requires std::is_invocable_r_v<Tensor, F, const Tensor&> Rule(F f)
      : returning_(std::move(f)) {}  // NOLINT: implicit, so that a lambda is a rule
  static Rule into(Writing f) {
    Rule r;
    r.writing_ = std::move(f);
    return r;
  }

 private:
  friend class Tape;
  Rule() = default;
  Returning returning_;
  Writing writing_;
};

struct Input {
  Variable variable;
  Rule rule;
};

// For primitives whose one call gives several gradients: to[i] belongs to inputs[i].
using JointRule = std::function<void(const Tensor& dy, std::vector<Destination>& to)>;

// The result of an op. Constant when no input needs a gradient.
Variable record(Tensor value, std::vector<Input> inputs);
Variable record_joint(Tensor value, std::vector<Variable> inputs, JointRule rule);

class Tape {
 public:
  Tape() = default;
  Tape(const Tape&) = delete;
  Tape& operator=(const Tape&) = delete;

  // A leaf whose gradient is wanted. With a window, the gradient is written there (same count as value). A window must
  // be zeroed once, when it is made, and never again: each backward pass overwrites it, and zeroes it when no gradient
  // arrives; only numbers that no rule ever writes (what a mask forbids) rest on the zeros they began with. With
  // `accumulate` the gradient is added to what the window holds.
  Variable leaf(Tensor value, Tensor gradient_window = {}, bool accumulate = false);
  // d(loss)/d(leaves), times `seed`. `loss` has one number. The tape is empty afterwards and may be used again.
  void backward(const Variable& loss, float seed = 1.0f);
  // The same from any variable of this tape and the gradient that arrived there.
  void backward(const Variable& y, const Tensor& dy);

 private:
  friend Variable record(Tensor, std::vector<Input>);
  friend Variable record_joint(Tensor, std::vector<Variable>, JointRule);
  using NodePtr = std::shared_ptr<Variable::Node>;
  struct Entry {
    NodePtr output;
    std::vector<std::pair<NodePtr, Rule>> rules;
    std::vector<NodePtr> joint_inputs;  // null where no gradient is wanted
    JointRule joint;
  };

  static Tape* tape_of(const Variable& v) { return v.node_ ? v.node_->tape : nullptr; }
  static NodePtr node_of(const Variable& v) { return v.node_; }
  Variable result(Tensor value);
  static Destination destination(Variable::Node& node);
  static void arrive(Variable::Node& node, Tensor gradient);

  std::vector<Entry> entries_;
  std::vector<NodePtr> leaves_;
};

}  // namespace mlrun
