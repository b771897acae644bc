#include "kernels/vector/transpose_matrix.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/vector/transpose_matrix.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
//
#include "kernels/vector/tile_transpose.hpp"

HWY_BEFORE_NAMESPACE();
namespace mlrun::kernels::HWY_NAMESPACE {

void transpose_matrix(const float* from, int64_t from_row, int64_t rows, int64_t columns, float* to, int64_t to_row) {
  tile::transpose(from, from_row, rows, columns, to, to_row);
}

}  // namespace mlrun::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mlrun::kernels {

HWY_EXPORT(transpose_matrix);

void transpose_matrix(const float* from, int64_t from_row, int64_t rows, int64_t columns, float* to, int64_t to_row) {
  HWY_DYNAMIC_DISPATCH(transpose_matrix)(from, from_row, rows, columns, to, to_row);
}

}  // namespace mlrun::kernels
#endif
