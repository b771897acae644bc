// Vectors for symbols.
#pragma once

#include "autograd/tape.hpp"

namespace mlrun::ops {

// table[v, d], ids s32 [...] in 0 .. v - 1 -> [..., d]. The table's gradient is added up in the order of ids.
Variable embedding(const Variable& table, const Tensor& ids);

// y[i] = sum_j weights[i, j] rows[places[i, j]]: rows [v, d], places s32 [n, k] in 0 .. v - 1, weights [n, k] -> [n, d].
Variable mix_rows(const Variable& rows, const Tensor& places, const Variable& weights);
// y[i, j] = x[i, columns[i, j]]: x [n, m], columns s32 [n, k], each at most once in a row -> [n, k].
Variable pick(const Variable& x, const Tensor& columns);

}  // namespace mlrun::ops
