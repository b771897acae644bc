#include "ops/logistic_mixture.hpp"

#include "base/error.hpp"
#include "kernels/vector/logistic_mixture.hpp"

namespace mlrun::ops {

// log p(k) = log sum_m w_m (F((b_{k+1} - mu_m) / s_m) - F((b_k - mu_m) / s_m)), F the logistic function, b the borders
Variable logistic_mixture(const Variable& x, int64_t symbols) {
  const Tensor X = x.value();
  require(X.rank() >= 1 && X.dim(-1) % 3 == 0 && X.dim(-1) > 0 && symbols > 1, "a mixture of logistics from {}",
          to_string(X.shape()));
  const int64_t components = X.dim(-1) / 3, rows = X.count() / X.dim(-1);
  Shape shape = X.shape();
  shape.back() = symbols;
  Tensor y(shape);
  kernels::logistic_mixture(X.data<float>(), rows, components, symbols, y.data<float>());
  return record(y, {{x, [X, y, rows, components, symbols](const Tensor& dy) {
                       Tensor dx(X.shape());
                       kernels::logistic_mixture_gradient(X.data<float>(), y.data<float>(), dy.data<float>(), rows,
                                                          components, symbols, dx.data<float>());
                       return dx;
                     }}});
}

}  // namespace mlrun::ops
