#include "ops/gate.hpp"

#include "base/error.hpp"
#include "kernels/vector/gate.hpp"

namespace mlrun::ops {
namespace {

using Forward = void (*)(const float* x, int64_t rows, int64_t width, float* y);
using Gradient = void (*)(const float* x, const float* dy, int64_t rows, int64_t width, float* dx);

Variable gated(const Variable& x, Forward forward, Gradient gradient) {
  const Tensor X = x.value();
  require(X.rank() >= 1 && X.dim(-1) % 2 == 0 && X.dim(-1) > 0, "a gate of {}", to_string(X.shape()));
  const int64_t width = X.dim(-1) / 2, rows = X.count() / (2 * width);
  Shape shape = X.shape();
  shape.back() = width;
  Tensor y(shape);
  forward(X.data<float>(), rows, width, y.data<float>());
  return record(y, {{x, [X, rows, width, gradient](const Tensor& dy) {
                       Tensor dx(X.shape());
                       gradient(X.data<float>(), dy.data<float>(), rows, width, dx.data<float>());
                       return dx;
                     }}});
}

}  // namespace

Variable gate(const Variable& x) { return gated(x, kernels::gate, kernels::gate_gradient); }
Variable glu(const Variable& x) { return gated(x, kernels::glu, kernels::glu_gradient); }

}  // namespace mlrun::ops
