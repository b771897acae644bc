#include "ops/softmax.hpp"

#include "kernels/vector/softmax.hpp"

namespace mlrun::ops {

// y_i = e^x_i / sum_j e^x_j: dx = y (dy - sum(dy y))
Variable softmax(const Variable& x) {
  const Tensor y = kernels::softmax(x.value());
  return record(y, {{x, [y](const Tensor& dy) { return kernels::softmax_gradient(y, dy); }}});
}

// y = x - logsumexp(x): dx = dy - e^y sum(dy)
Variable log_softmax(const Variable& x) {
  const Tensor y = kernels::log_softmax(x.value());
  return record(y, {{x, [y](const Tensor& dy) { return kernels::log_softmax_gradient(y, dy); }}});
}

// y = log sum_j e^x_j: dx = dy e^(x - y)
Variable logsumexp(const Variable& x) {
  const Tensor X = x.value(), y = kernels::logsumexp(X);
  return record(y, {{x, [X, y](const Tensor& dy) { return kernels::logsumexp_gradient(X, y, dy); }}});
}

}  // namespace mlrun::ops
