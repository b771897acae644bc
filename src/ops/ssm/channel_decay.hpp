// States whose rows decay one by one: kernels/ssm/channel_decay.hpp has the formulas.
#pragma once

#include "autograd/tape.hpp"

namespace mlrun::ops {

// q, k and a [n, length, heads * keys], v [n, length, heads * values] -> like v.
Variable channel_decay(const Variable& q, const Variable& k, const Variable& v, const Variable& a, int64_t heads);

}  // namespace mlrun::ops
