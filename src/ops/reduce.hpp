// Sums and means, accumulated in double.
#pragma once

#include "autograd/tape.hpp"
#include "kernels/vector/reduce.hpp"

namespace mlrun::ops {

Variable sum(const Variable& x);   // of all numbers -> []
Variable mean(const Variable& x);  // of all numbers -> []
// Over some axes, which are dropped, or kept with size 1. Negative axes count from the end.
Variable sum(const Variable& x, const kernels::Axes& axes, bool keep = false);
Variable mean(const Variable& x, const kernels::Axes& axes, bool keep = false);

}  // namespace mlrun::ops
