// Products with small lower triangular matrices [count, count], those of a chunk of positions: half of the work of a
// dense product, and no call's overhead. Above the diagonal they hold zeros.
#pragma once

#include <cstdint>

#include "kernels/product/matmul.hpp"

namespace mlrun::kernels {

// Y [count, n] = op(W) X [count, n] + beta Y, beta 0 or 1; ldx and ldy are row strides. With beta 0, Y may hold
// anything.
void lower_times(const float* w, Transpose transpose, int64_t count, const float* x, int64_t ldx, int64_t n, float beta,
                 float* y, int64_t ldy);
// W = A B^T for A and B [count, k], on and below the diagonal; what is above it is something finite where A and B are,
// as far as the vector that holds the diagonal, and is not written behind that. `turned`: room for [k, count].
void lower_of(const float* a, int64_t lda, const float* b, int64_t ldb, int64_t count, int64_t k, float* turned,
              float* w);

}  // namespace mlrun::kernels
