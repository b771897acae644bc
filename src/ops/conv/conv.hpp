// Convolution of images [n, height, width, channels] with a kernel of any outline, and its transpose.
#pragma once

#include "autograd/tape.hpp"
#include "kernels/conv/conv.hpp"

namespace mlrun::ops {

struct ConvOptions {
  bool relu = false;   // of x, before it is convolved
  Variable add;        // like the result, added to it (a residual, another branch); or undefined
  int64_t stride = 1;  // of the result's pixels in x, whose height and width are multiples of it
};

// y = conv(x or relu x) + b (+ add): x [n, s height, s width, in], w [..., in, out], b [out] or undefined. The taps of
// w are its leading axes, row by row; the outline uses the first of them, and the rest are neither read nor trained.
Variable conv(const Variable& x, const Variable& w, const Variable& b, const kernels::Outline& outline,
              const ConvOptions& options = {});

// The convolution of images that are one-hot symbols, without their zeros: symbols s32 [n, height, width] in 0 .. in
// - 1. add like the result, or undefined. The same bits as conv() of the one-hot images.
Variable conv_symbols(const Tensor& symbols, const Variable& w, const Variable& b, const kernels::Outline& outline,
                      const Variable& add = {});

// The transpose of such a convolution: x [n, height, width, in], w [..., out, in], b [out] or undefined -> images of
// stride * height x stride * width with `out` channels, whose convolution with w would have x's shape.
Variable conv_transposed(const Variable& x, const Variable& w, const Variable& b, const kernels::Outline& outline,
                         int64_t stride);

}  // namespace mlrun::ops
