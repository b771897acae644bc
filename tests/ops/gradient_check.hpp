// Are the gradients of an op those of its values?
//
// The loss is a sum of the op's results with fixed random weights, added up in double. Central differences with a step
// of 1e-2 are the best float32 can do: smaller steps drown in rounding.
#pragma once

#include <functional>
#include <vector>

#include "autograd/tape.hpp"
#include "ops/elementwise.hpp"
#include "ops/reduce.hpp"
#include "tensor/random_tensor.hpp"

namespace mlrun::test {

using Graph = std::function<Variable(const std::vector<Variable>&)>;

inline double weighted_sum(const Tensor& y, const Tensor& weights) {
  double sum = 0;
  for (int64_t i = 0; i < y.count(); ++i) {
    sum += static_cast<double>(y.data<float>()[i]) * static_cast<double>(weights.data<float>()[i]);
  }
  return sum;
}

inline Variable evaluate(const Graph& graph, const std::vector<Tensor>& inputs) {
  return graph(std::vector<Variable>(inputs.begin(), inputs.end()));
}

// Gradients of sum(weights * graph(inputs)) by the tape.
inline std::vector<Tensor> gradients(const Graph& graph, const std::vector<Tensor>& inputs, const Tensor& weights) {
  Tape tape;
  std::vector<Variable> leaves;
  for (const Tensor& t : inputs) leaves.push_back(tape.leaf(t));
  tape.backward(ops::sum(ops::mul(graph(leaves), weights)));
  std::vector<Tensor> result;
  for (const Variable& leaf : leaves) {
    result.push_back(leaf.gradient().defined() ? leaf.gradient() : Tensor::zeros(leaf.shape()));
  }
  return result;
}

// The greatest relative error (floor 1e-2) over all numbers of all inputs; right gradients stay below 1e-2.
inline double gradient_error(const Graph& graph, const std::vector<Tensor>& inputs) {
  constexpr float kStep = 1e-2f;
  constexpr double kFloor = 1e-2;
  const Tensor weights = random_tensor(evaluate(graph, inputs).shape(), 4711, -1.0f, 1.0f, 0.1f);
  const std::vector<Tensor> exact = gradients(graph, inputs, weights);
  double worst = 0;
  for (size_t i = 0; i < inputs.size(); ++i) {
    for (int64_t j = 0; j < inputs[i].count(); ++j) {
      std::vector<Tensor> moved = inputs;
      moved[i] = inputs[i].clone();
      float& x = moved[i].data<float>()[j];
      const float middle = x, above = middle + kStep, below = middle - kStep;
      x = above;
      const double up = weighted_sum(evaluate(graph, moved).value(), weights);
      x = below;
      const double down = weighted_sum(evaluate(graph, moved).value(), weights);
      const double numeric = (up - down) / (static_cast<double>(above) - static_cast<double>(below));
      const double analytic = static_cast<double>(exact[i].data<float>()[j]);
      const double error = std::fabs(analytic - numeric) / std::max({std::fabs(analytic), std::fabs(numeric), kFloor});
      worst = error >= 0 ? std::max(worst, error) : HUGE_VAL;
    }
  }
  return worst;
}

constexpr double kGradientLimit = 1e-2;

}  // namespace mlrun::test
