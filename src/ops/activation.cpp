#include "ops/activation.hpp"

namespace mlrun::ops {

using kernels::Function;

// dx = dy f'(x), from y alone where that is possible, so that x can be freed.
Variable activation(Function f, const Variable& x, float p, float q) {
  const Tensor y = kernels::apply(f, x.value(), p, q);
  const Tensor saved = kernels::saves_result(f) ? y : x.value();
  return record(y, {{x, [f, saved, p, q](const Tensor& dy) { return kernels::gradient(f, saved, dy, p, q); }}});
}

Variable sigmoid(const Variable& x) { return activation(Function::kSigmoid, x); }
Variable tanh(const Variable& x) { return activation(Function::kTanh, x); }
Variable relu(const Variable& x) { return activation(Function::kRelu, x); }
Variable gelu(const Variable& x) { return activation(Function::kGelu, x); }
Variable silu(const Variable& x) { return activation(Function::kSilu, x); }
Variable softplus(const Variable& x) { return activation(Function::kSoftplus, x); }

}  // namespace mlrun::ops
