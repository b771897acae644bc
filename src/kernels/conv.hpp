// Convolution of images with kernels of any outline, stride 1, hand-written for the small channel counts and cut-off
// kernels of causal image models: a masked tap costs nothing, and padding is as asymmetric as the outline.
//
// Every output is added up over its kernel in one fixed order, one fused multiply-add after the other, however pixels
// are tiled: a single pixel computed alone has the bits of the same pixel computed with its whole image.
#pragma once

#include <cstdint>
#include <vector>

#include "tensor/tensor.hpp"

namespace mlrun::kernels {

// A row of a kernel: its taps are the input pixels (r + row, c + first) ... (r + row, c + last) of output pixel (r, c).
struct KernelRow {
  int64_t row = 0, first = 0, last = 0;
  bool operator==(const KernelRow&) const = default;
};

// The outline of a kernel, rows from the top down. Weights are stored tap by tap in that order: [taps, in, out].
using Outline = std::vector<KernelRow>;
int64_t taps_of(const Outline& outline);
// What is seen from the other side: output pixels that an input pixel reaches.
Outline mirrored(const Outline& outline);

// Images [n, height, width, channels], row-major. Outside an image is 0.
struct ConvShape {
  int64_t height = 0, width = 0, in = 0, out = 0;
  Outline outline;
  double flops(int64_t images) const;
};

// Pixels of an image with the zeros around it that a kernel looks at: rows -top .. height + bottom - 1, likewise
// columns.
struct Canvas {
  Canvas(const Outline& outline, int64_t height, int64_t width, int64_t depth);
  int64_t top, bottom, left, right, rows, columns, channels;
  int64_t count() const { return rows * columns * channels; }
  int64_t at(int64_t row, int64_t column) const { return ((row + top) * columns + column + left) * channels; }
};

// Weights in the order in which the tiles read them: panels of two vectors of output channels.
class PackedKernel {
 public:
  PackedKernel() = default;
  // w [taps, in, out]; bias [out] or null.
  PackedKernel(const ConvShape& shape, const float* w, const float* bias);
  // For the gradient of the input: w [taps, in, out] of `shape`, turned around; its own shape() maps out to in.
  static PackedKernel turned(const ConvShape& shape, const float* w);

  const ConvShape& shape() const { return shape_; }
  const float* panel(int64_t index) const { return panels_.data<float>() + index * panel_size_; }
  const float* bias() const { return bias_.data<float>(); }  // padded with zeros to whole panels

 private:
  ConvShape shape_;
  int64_t panel_size_ = 0;
  Tensor panels_, bias_;
};

struct ConvInput {
  bool relu = false;  // of x, before the convolution
};

struct ConvOutput {
  const float* add = nullptr;        // [n, height, width, out] to be added, or null; may be y itself
  const float* relu_mask = nullptr;  // where this is not positive, the sum (without `add`) counts as 0, or null
};

// y[n, h, w, out] = conv(x) + bias (+ add).
void conv(const PackedKernel& kernel, const float* x, int64_t images, const ConvInput& input, const ConvOutput& output,
          float* y);
// dw[taps, in, out] = or += sum over images and pixels of x (or relu x) times dy.
void conv_weight_gradient(const ConvShape& shape, const float* x, const float* dy, int64_t images,
                          const ConvInput& input, bool accumulate, float* dw);

// A row of a kernel is one stretch of canvas: its taps are neighbours, and so are their channels.
struct ConvRun {
  int64_t offset = 0;  // of its first number, from the pixel's own place in the canvas
  int64_t length = 0;  // taps times channels
};

// The convolution at single pixels of `images` images whose canvases are interleaved: [rows, columns, images,
// channels].
class PixelConv {
 public:
  // The kernel must outlive it.
  PixelConv(const PackedKernel& kernel, const Canvas& canvas, int64_t images);
  // `pixel`: the place of a pixel's first image. `count` outputs, for that image and those that follow it in memory
  // (more images of the pixel, then the next pixel of the row). y [count, out]; add likewise, or null.
  void operator()(const float* pixel, int64_t count, const float* add, float* y) const;

 private:
  const PackedKernel* kernel_;
  int64_t step_;
  std::vector<ConvRun> runs_;
};

}  // namespace mlrun::kernels
