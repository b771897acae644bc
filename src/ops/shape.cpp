#include "ops/shape.hpp"

#include "kernels/vector/embedding.hpp"
#include "kernels/vector/transpose.hpp"

namespace mlrun::ops {

// y = x, seen otherwise: dx = dy, seen as x is
Variable reshape(const Variable& x, const Shape& shape) {
  return record(x.value().reshape(shape), {{x, [s = x.shape()](const Tensor& dy) { return dy.reshape(s); }}});
}

// y = x[begin:end]: dx is dy there and 0 elsewhere
Variable slice(const Variable& x, int64_t axis, int64_t begin, int64_t end) {
  return record(kernels::slice(x.value(), axis, begin, end), {{x, [s = x.shape(), axis, begin](const Tensor& dy) {
                                                                 Tensor dx = Tensor::zeros(s);
                                                                 kernels::set_slice(dx, dy, axis, begin);
                                                                 return dx;
                                                               }}});
}

// y = parts side by side: each gets its slice of dy
Variable concat(const std::vector<Variable>& parts, int64_t axis) {
  std::vector<Tensor> values;
  std::vector<Input> inputs;
  int64_t begin = 0;
  for (const Variable& part : parts) {
    values.push_back(part.value());
    const int64_t end = begin + part.dim(axis);
    inputs.push_back({part, [axis, begin, end](const Tensor& dy) { return kernels::slice(dy, axis, begin, end); }});
    begin = end;
  }
  return record(kernels::concat(values, axis), std::move(inputs));
}

// dx = dy permuted back
Variable permute(const Variable& x, const std::vector<int64_t>& order) {
  Tensor y = kernels::permute(x.value(), order);
  std::vector<int64_t> back(order.size());
  for (size_t i = 0; i < order.size(); ++i) back[static_cast<size_t>(order[i])] = static_cast<int64_t>(i);
  return record(std::move(y), {{x, [back](const Tensor& dy) { return kernels::permute(dy, back); }}});
}

Variable transpose(const Variable& x) {
  return record(kernels::transpose(x.value()), {{x, [](const Tensor& dy) { return kernels::transpose(dy); }}});
}

// y[.., j] = x[.., c_j]: dx[.., c_j] += dy[.., j]
Variable take_groups(const Variable& x, const std::vector<int64_t>& groups, int64_t width) {
  return record(kernels::take_groups(x.value(), groups, width), {{x, [s = x.shape(), groups, width](const Tensor& dy) {
                                                                    Tensor dx = Tensor::zeros(s);
                                                                    kernels::scatter_add_groups(dx, groups, dy, width);
                                                                    return dx;
                                                                  }}});
}

Variable take(const Variable& x, const std::vector<int64_t>& columns) { return take_groups(x, columns, 1); }

}  // namespace mlrun::ops
