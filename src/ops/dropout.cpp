#include "ops/dropout.hpp"

#include "kernels/vector/broadcast.hpp"
#include "kernels/vector/dropout.hpp"

namespace mlrun::ops {

// y = x m: dx = dy m
Variable dropout(const Variable& x, float p, const RandomStream& stream, bool training) {
  if (!training || p == 0.0f) return x;
  const Tensor m = kernels::dropout_mask(x.shape(), p, stream);
  return record(kernels::mul(x.value(), m), {{x, [m](const Tensor& dy) { return kernels::mul(dy, m); }}});
}

}  // namespace mlrun::ops
