// Sums and means over axes. Sums are accumulated in double (or in short float runs that are then added up in
// double), so the error does not grow with the length. f32 only. Negative axes count from the end.
#pragma once

#include <cstdint>
#include <vector>

#include "tensor/tensor.hpp"

namespace mlrun::kernels {

using Axes = std::vector<int64_t>;

// The reduced axes are dropped, or kept with size 1. No axes: a copy.
Tensor sum(const Tensor& x, const Axes& axes, bool keep = false);
Tensor mean(const Tensor& x, const Axes& axes, bool keep = false);
double total(const Tensor& x);  // the sum of all numbers

// [..., n] -> [n], into or onto `sums`: the gradient of a bias.
void sum_rows(Tensor& sums, const Tensor& x, bool accumulate);

// [..., n] -> [...], s32: the index of the greatest number of the last axis; the first of equals. n > 0.
Tensor argmax(const Tensor& x);

}  // namespace mlrun::kernels
