// Layer normalization (Ba et al. 2016, eq. 3) and root-mean-square normalization (Zhang & Sennrich 2019, eq. 4) over
// the last axis, in f32.
#pragma once

#include "tensor/tensor.hpp"

namespace mlrun::kernels {

struct Normalized {
  Tensor y;      // [..., n]
  Tensor mean;   // [rows]; undefined for rms_norm
  Tensor scale;  // [rows]: 1 / sqrt(variance + epsilon), or 1 / sqrt(mean(x^2) + epsilon)
};

// y = gain (x - mean) scale + bias, with the biased variance; gain[n], bias[n].
Normalized layer_norm(const Tensor& x, const Tensor& gain, const Tensor& bias, float epsilon);
// y = gain x scale.
Normalized rms_norm(const Tensor& x, const Tensor& gain, float epsilon);

// With z = (x - mean) scale and g = dy gain:
//   dx = scale (g - mean(g) - z mean(g z)), without the mean(g) for rms_norm; dgain = sum dy z; dbias = sum dy.
// Null results are not computed; gain and bias sums are added to what is there when the flag says so.
struct NormalizeGradient {
  Tensor* dx = nullptr;
  Tensor* gain = nullptr;
  Tensor* bias = nullptr;
  bool dx_accumulate = false, gain_accumulate = false, bias_accumulate = false;
};
void normalize_gradient(const NormalizeGradient& to, const Tensor& dy, const Tensor& x, const Tensor& gain,
                        const Normalized& forward);

}  // namespace mlrun::kernels
