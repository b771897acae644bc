// Convolution of one-hot images without their zeros: a symbol picks one row of each tap's weights, so an alphabet of
// any size costs the same. Sums have the order, and so the bits, of conv() and conv_weight_gradient() of the one-hot
// images.
#pragma once

#include "kernels/conv/conv.hpp"

namespace mlrun::kernels {

// y[n, height, width, out] = bias + sum over taps of w[tap, symbol under it, out] (+ add). The shape has stride 1, and
// `in` is the alphabet; symbols s32 [n, height, width] are 0 .. in - 1. bias [out] and add, like y, may be null.
void conv_symbols(const ConvShape& shape, const float* w, const float* bias, const int32_t* symbols, int64_t images,
                  const float* add, float* y);
// dw[tap, symbol under it, out] += dy, over images and pixels.
void conv_symbols_gradient(const ConvShape& shape, const int32_t* symbols, const float* dy, int64_t images, float* dw);

}  // namespace mlrun::kernels
