// The normaliser of linear attention: kernels/ssm/key_mass.hpp has the formulas.
#pragma once

#include "autograd/tape.hpp"

namespace mlrun::ops {

// u [n, length, heads * values] over the mass of its query, q and k [n, length, heads * keys].
Variable divide_by_key_mass(const Variable& u, const Variable& q, const Variable& k, int64_t heads);

}  // namespace mlrun::ops
