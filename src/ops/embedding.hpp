// Vectors for symbols.
#pragma once

#include "autograd/tape.hpp"

namespace mlrun::ops {

// table[v, d], ids s32 [...] in 0 .. v - 1 -> [..., d]. The table's gradient is added up in the order of ids.
Variable embedding(const Variable& table, const Tensor& ids);

}  // namespace mlrun::ops
