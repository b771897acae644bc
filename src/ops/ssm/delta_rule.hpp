// States by the delta rule, in chunks: kernels/ssm/delta_rule.hpp has the formulas.
#pragma once

#include "autograd/tape.hpp"

namespace mlrun::ops {

// q and k [n, length, heads * keys], v [n, length, heads * values], share [n, length, heads] -> like v.
Variable delta_rule(const Variable& q, const Variable& k, const Variable& v, const Variable& share);

}  // namespace mlrun::ops
