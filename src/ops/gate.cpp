#include "ops/gate.hpp"

#include "base/error.hpp"
#include "kernels/gate.hpp"

namespace mlrun::ops {

// y = tanh(s) sigmoid(g): ds = dy sigmoid(g) (1 - tanh^2 s), dg = dy tanh(s) sigmoid(g) (1 - sigmoid(g))
Variable gate(const Variable& x) {
  const Tensor X = x.value();
  require(X.rank() >= 1 && X.dim(-1) % 2 == 0 && X.dim(-1) > 0, "a gate of {}", to_string(X.shape()));
  const int64_t width = X.dim(-1) / 2, rows = X.count() / (2 * width);
  Shape shape = X.shape();
  shape.back() = width;
  Tensor y(shape);
  kernels::gate(X.data<float>(), rows, width, y.data<float>());
  return record(y, {{x, [X, rows, width](const Tensor& dy) {
                       Tensor dx(X.shape());
                       kernels::gate_gradient(X.data<float>(), dy.data<float>(), rows, width, dx.data<float>());
                       return dx;
                     }}});
}

}  // namespace mlrun::ops
