// Convolution of images [n, height, width, channels] with a kernel of any outline.
#pragma once

#include "autograd/tape.hpp"
#include "kernels/conv.hpp"

namespace mlrun::ops {

struct ConvOptions {
  bool relu = false;  // of x, before it is convolved
  Variable add;       // [n, height, width, out], added to the result (a residual, another branch); or undefined
};

// y = conv(x or relu x) + b (+ add): x [n, height, width, in], w [..., in, out], b [out] or undefined. The taps of w
// are its leading axes, row by row; the outline uses the first of them, and the rest are neither read nor trained.
Variable conv(const Variable& x, const Variable& w, const Variable& b, const kernels::Outline& outline,
              const ConvOptions& options = {});

}  // namespace mlrun::ops
