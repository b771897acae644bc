// Picking rows or columns by index, and the reverse, which adds in index order (so results never depend on threads).
#pragma once

#include <cstdint>
#include <vector>

#include "tensor/tensor.hpp"

namespace mlrun::kernels {

// table[v, d], ids s32 [...] in 0 .. v - 1 (others: exit code 1) -> [..., d].
Tensor gather_rows(const Tensor& table, const Tensor& ids);
// sums[v, d] += rows[..., d] at their ids.
void scatter_add_rows(Tensor& sums, const Tensor& ids, const Tensor& rows);

// Weighted sums of rows: y[i] = sum_j weights[i, j] rows[places[i, j]], added up in the order of j. rows [v, d], places s32
// [n, k] in 0 .. v - 1, weights [n, k] -> [n, d].
Tensor mix_rows(const Tensor& rows, const Tensor& places, const Tensor& weights);
// Of rows and weights, given dy [n, d]: sums[v, d] += and -> [n, k].
void mix_rows_gradient(Tensor& sums, const Tensor& places, const Tensor& weights, const Tensor& dy);
Tensor mix_rows_weight_gradient(const Tensor& rows, const Tensor& places, const Tensor& dy);

// Groups of `width` neighbouring numbers of the last axis, by the index of the group:
// x[..., n width] -> [..., k width], y[..., j width + i] = x[..., groups[j] width + i].
Tensor take_groups(const Tensor& x, const std::vector<int64_t>& groups, int64_t width = 1);
// sums[..., groups[j] width + i] += y[..., j width + i].
void scatter_add_groups(Tensor& sums, const std::vector<int64_t>& groups, const Tensor& y, int64_t width = 1);

}  // namespace mlrun::kernels
