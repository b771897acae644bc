// Normalization over the last axis, with a learned gain (and bias).
#pragma once

#include "autograd/tape.hpp"

namespace mlrun::ops {

// gain (x - mean) / sqrt(variance + epsilon) + bias (Ba et al. 2016); x[..., n], gain[n], bias[n].
Variable layer_norm(const Variable& x, const Variable& gain, const Variable& bias, float epsilon = 1e-5f);
// gain x / sqrt(mean(x^2) + epsilon) (Zhang and Sennrich 2019); x[..., n], gain[n].
Variable rms_norm(const Variable& x, const Variable& gain, float epsilon = 1e-5f);

}  // namespace mlrun::ops
