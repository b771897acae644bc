#include "models/autoregressive/order_agnostic.hpp"

#include <algorithm>

#include "ops/activation.hpp"
#include "ops/elementwise.hpp"
#include "ops/loss.hpp"
#include "ops/reduce.hpp"
#include "ops/shape.hpp"

namespace mlrun {

Variable nll_by_position(const Variable& logits, const Tensor& symbols, const DataSpec& data) {
  const int64_t n = symbols.dim(0), d = data.positions();
  if (data.alphabet != 2) {
    const Variable one_each =
        ops::categorical_nll(ops::reshape(logits, {n * d, 1, data.alphabet}), symbols.reshape({n * d, 1}));
    return ops::reshape(one_each, {n, d});
  }
  Tensor sign({n, d});  // softplus(-l) for a 1, softplus(l) for a 0
  std::transform(symbols.data<int32_t>(), symbols.data<int32_t>() + n * d, sign.data<float>(),
                 [](int32_t s) { return s != 0 ? -1.0f : 1.0f; });
  return ops::softplus(ops::mul(Variable(sign), logits));
}

Variable order_agnostic_loss(const Known& known, const Variable& logits, const Tensor& symbols, const DataSpec& data) {
  return ops::sum(ops::mul(Variable(known.weights), nll_by_position(logits, symbols, data)));
}

}  // namespace mlrun
