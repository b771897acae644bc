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

// Groups of `width` neighbouring numbers of the last axis, by the index of the group:
// x[..., n width] -> [..., k width], y[..., j width + i] = x[..., groups[j] width + i].
Tensor take_groups(const Tensor& x, const std::vector<int64_t>& groups, int64_t width = 1);
// sums[..., groups[j] width + i] += y[..., j width + i].
void scatter_add_groups(Tensor& sums, const std::vector<int64_t>& groups, const Tensor& y, int64_t width = 1);

}  // namespace mlrun::kernels
