// One matrix of floats transposed, in registers.
#pragma once

#include <cstdint>

namespace mlrun::kernels {

// to[j, i] = from[i, j] for i < rows, j < columns; from_row and to_row are row strides.
void transpose_matrix(const float* from, int64_t from_row, int64_t rows, int64_t columns, float* to, int64_t to_row);

}  // namespace mlrun::kernels
