// Vector quantisation: the nearest vector of a table for every row, as matrix products of tiles with the search fused
// behind each, so that the distances of all rows to all codes are never in memory at once.
#pragma once

#include <cstdint>

namespace mlrun::kernels {

// codes[i] = argmin over k of |x_i - t_k|^2 + bias_k, the first of equals; x [rows, d], table [codes, d]. bias [codes]
// or null. The comparison is in f32, by |t|^2 - 2 x . t. A NaN is never nearest; with nothing else, the code is 0.
void nearest_code(const float* x, int64_t rows, const float* table, int64_t codes, int64_t d, const float* bias,
                  int32_t* nearest);

// y[i] = x[i] / |x[i]| for rows of d numbers; a row shorter than 1e-12 is divided by that.
void unit_rows(const float* x, int64_t rows, int64_t d, float* y);

}  // namespace mlrun::kernels
