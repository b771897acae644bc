// One number in, one number out: arithmetic and activations, vectorised for the machine at run time. f32 only.
//
// NaN and infinities pass through, so that a diverging run is seen and not hidden.
#pragma once

#include <cstdint>

#include "tensor/tensor.hpp"

namespace mlrun::kernels {

void add_to(Tensor& sum, const Tensor& x);                // sum += x; equal counts
Tensor affine(const Tensor& x, float a, float b = 0.0f);  // a x + b
void mul_in_place(Tensor& y, const Tensor& x);            // y *= x; equal counts
void scale_in_place(Tensor& x, float a);                  // x *= a

enum class Function : uint8_t {
  kExp,
  kLog,
  kSqrt,
  kSquare,
  kClamp,    // min(max(x, p), q)
  kSigmoid,  // 1 / (1 + e^-x)
  kTanh,
  kRelu,
  kGelu,         // x Phi(x), the exact form (Hendrycks & Gimpel 2016)
  kSilu,         // x sigmoid(x)
  kSoftplus,     // log(1 + e^x)
  kEluPlusOne,   // x + 1 if x > 0, else e^x (Katharopoulos et al. 2020)
  kSquaredRelu,  // max(x, 0)^2 (So et al. 2021)
};

// f(x), elementwise. Relative error below 1e-6 away from zeros of f.
Tensor apply(Function f, const Tensor& x, float p = 0.0f, float q = 0.0f);
// Where the derivative is cheaper from y = f(x) than from x: then `saved` below is y, and x need not be kept.
bool saves_result(Function f);
// dx = dy f'(x). At kinks: relu'(0) = 0, clamp' is 1 on the closed interval.
Tensor gradient(Function f, const Tensor& saved, const Tensor& dy, float p = 0.0f, float q = 0.0f);

// The same on plain memory; y may be x, dx may be dy or saved.
void apply(Function f, const float* x, float* y, int64_t count, float p = 0.0f, float q = 0.0f);
void gradient(Function f, const float* saved, const float* dy, float* dx, int64_t count, float p = 0.0f,
              float q = 0.0f);

}  // namespace mlrun::kernels
