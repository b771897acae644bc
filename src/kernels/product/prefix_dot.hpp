// Dot products over a prefix, for the step view of masked networks: a few units, a few images, a length that grows.
#pragma once

#include <cstdint>

namespace mlrun::kernels {

// y[i, r] = bias[r] + sum_{k < length} x[i, k] w[r, k] for i < count, r < rows (plus y[i, r] itself when `accumulate`).
// ldx, ldw, ldy are row strides in numbers; bias may be null. The sum of one (i, r) does not depend on count or rows.
void prefix_dot(const float* x, int64_t ldx, int64_t count, const float* w, int64_t ldw, const float* bias,
                int64_t rows, int64_t length, float* y, int64_t ldy, bool accumulate);

}  // namespace mlrun::kernels
