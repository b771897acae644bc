#include "autograd/tape.hpp"

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "base/error.hpp"
#include "kernels/vector/elementwise.hpp"

namespace mlrun {

Variable::Variable(Tensor value) : node_(std::make_shared<Node>()) { node_->value = std::move(value); }

Variable Tape::result(Tensor value) {
  Variable v(std::move(value));
  v.node_->tape = this;
  return v;
}

Variable Tape::leaf(Tensor value, Tensor gradient_window, bool accumulate) {
  Variable v = result(std::move(value));
  if (gradient_window.defined()) {
    require(gradient_window.count() == v.value().count(), "gradient window {} for a leaf {}",
            to_string(gradient_window.shape()), to_string(v.shape()));
    v.node_->gradient = gradient_window.reshape(v.shape());
    v.node_->windowed = true;
    v.node_->accumulate = accumulate;
  }
  leaves_.push_back(v.node_);
  return v;
}

Variable record(Tensor value, std::vector<Input> inputs) {
  Tape* tape = nullptr;
  for (const Input& input : inputs) {
    if (Tape* t = Tape::tape_of(input.variable)) {
      require(tape == nullptr || tape == t, "an op mixes variables of two tapes");
      tape = t;
    }
  }
  if (!tape) return Variable(std::move(value));
  Variable out = tape->result(std::move(value));
  Tape::Entry entry;
  entry.output = Tape::node_of(out);
  for (Input& input : inputs) {
    if (input.variable.needs_gradient()) entry.rules.emplace_back(Tape::node_of(input.variable), std::move(input.rule));
  }
  tape->entries_.push_back(std::move(entry));
  return out;
}

Variable record_joint(Tensor value, std::vector<Variable> inputs, JointRule rule) {
  Tape* tape = nullptr;
  for (const Variable& input : inputs) {
    if (Tape* t = Tape::tape_of(input)) {
      require(tape == nullptr || tape == t, "an op mixes variables of two tapes");
      tape = t;
    }
  }
  if (!tape) return Variable(std::move(value));
  Variable out = tape->result(std::move(value));
  Tape::Entry entry;
  entry.output = Tape::node_of(out);
  for (const Variable& input : inputs) {
    entry.joint_inputs.push_back(input.needs_gradient() ? Tape::node_of(input) : nullptr);
  }
  entry.joint = std::move(rule);
  tape->entries_.push_back(std::move(entry));
  return out;
}

void Destination::put(const Tensor& gradient) {
  if (!needed) return;
  if (accumulate) kernels::add_to(tensor, gradient);
  else tensor.copy_from(gradient);
}

Destination Tape::destination(Variable::Node& node) {
  Destination to;
  to.needed = true;
  to.accumulate = node.arrived;
  to.windowed = node.windowed;
  if (!node.gradient.defined()) node.gradient = Tensor(node.value.shape());
  // A rule may have handed on dy itself: never add into numbers that somebody else holds.
  else if (node.arrived && !node.windowed && !node.gradient.unique()) node.gradient = node.gradient.clone();
  to.tensor = node.gradient;
  node.arrived = true;
  return to;
}

void Tape::arrive(Variable::Node& node, Tensor gradient) {
  require(gradient.count() == node.value.count(), "a gradient of shape {} for a value of shape {}",
          to_string(gradient.shape()), to_string(node.value.shape()));
  if (!node.arrived && !node.windowed) {
    node.gradient = gradient.reshape(node.value.shape());
    node.arrived = true;
    return;
  }
  destination(node).put(gradient);
}

void Tape::backward(const Variable& loss, float seed) {
  require(tape_of(loss) == this && loss.value().count() == 1, "backward needs one number of this tape, not shape {}",
          to_string(loss.shape()));
  backward(loss, Tensor::full(loss.shape(), seed));
}

void Tape::backward(const Variable& y, const Tensor& gradient) {
  require(tape_of(y) == this, "backward from a variable that this tape does not have");
  for (const NodePtr& leaf : leaves_) leaf->arrived = leaf->accumulate;
  arrive(*y.node_, gradient);
  while (!entries_.empty()) {
    Entry entry = std::move(entries_.back());
    entries_.pop_back();
    if (!entry.output->arrived) continue;  // nothing downstream depends on it
    const Tensor dy = std::move(entry.output->gradient);
    entry.output->gradient = Tensor();
    entry.output->arrived = false;
    for (auto& [node, rule] : entry.rules) {
      if (rule.writing_) {
        Destination to = destination(*node);
        rule.writing_(dy, to);
      } else {
        arrive(*node, rule.returning_(dy));
      }
      rule = Rule();  // frees what it captured before the next rule allocates
    }
    if (entry.joint) {
      std::vector<Destination> to(entry.joint_inputs.size());
      for (size_t i = 0; i < to.size(); ++i) {
        const NodePtr& node = entry.joint_inputs[i];
        if (!node) continue;
        const auto first =
            std::find(entry.joint_inputs.begin(), entry.joint_inputs.begin() + static_cast<std::ptrdiff_t>(i), node);
        const auto j = static_cast<size_t>(first - entry.joint_inputs.begin());
        to[i] = j < i ? to[j] : destination(*node);
        if (j < i) to[i].accumulate = true;  // the same variable given twice: the second part adds to the first
      }
      entry.joint(dy, to);
    }
  }
  for (const NodePtr& leaf : leaves_) {
    if (leaf->windowed && !leaf->arrived) std::memset(leaf->gradient.raw(), 0, leaf->gradient.bytes());
    leaf->tape = nullptr;
  }
  leaves_.clear();
}

}  // namespace mlrun
