// NADE's parallel view as one op (kernels/nade/nade.hpp).
#pragma once

#include "autograd/tape.hpp"

namespace mlrun::ops {

// x s32 [n, D] of 0 and 1, w[D, H], c[H], v[D, H], b[D] -> logits[n, D]:
// logit_k = b_k + v_k . sigmoid(c + sum over j < k of x_j w_j).
Variable nade(const Tensor& x, const Variable& w, const Variable& c, const Variable& v, const Variable& b);

}  // namespace mlrun::ops
