// Convolution of images with kernels of any outline, hand-written for the small channel counts and cut-off kernels of
// causal image models: a masked tap costs nothing, and padding is as asymmetric as the outline.
//
// Every output is added up over its kernel in one fixed order, one fused multiply-add after the other, however pixels
// are tiled: a single pixel computed alone has the bits of the same pixel computed with its whole image.
#pragma once

#include <cstdint>
#include <vector>

#include "tensor/tensor.hpp"

namespace mlrun::kernels {

// A row of a kernel: its taps are the input pixels (s r + row, s c + first) ... (s r + row, s c + last) of output pixel
// (r, c), s being the stride.
struct KernelRow {
  int64_t row = 0, first = 0, last = 0;
  bool operator==(const KernelRow&) const = default;
};

// The outline of a kernel, rows from the top down. Weights are stored tap by tap in that order: [taps, in, out].
using Outline = std::vector<KernelRow>;
int64_t taps_of(const Outline& outline);

// Images [n, rows, columns, channels], row-major; outside an image is 0. The results are images of height x width with
// `out` channels, of images of stride * height x stride * width with `in` channels.
struct ConvShape {
  int64_t height = 0, width = 0, in = 0, out = 0;
  Outline outline;
  int64_t stride = 1;
  double flops(int64_t images) const;
};

// Pixels of an image with the zeros around it that a kernel looks at: rows -top .. height + bottom - 1, likewise
// columns.
struct Canvas {
  Canvas(const Outline& outline, int64_t height, int64_t width, int64_t depth, int64_t stride = 1);
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

  const ConvShape& shape() const { return shape_; }
  const float* panel(int64_t index) const { return panels_.data<float>() + index * panel_size_; }
  const float* bias() const { return bias_.data<float>(); }  // padded with zeros to whole panels

 private:
  ConvShape shape_;
  int64_t panel_size_ = 0;
  Tensor panels_, bias_;
};

// The same convolution turned around, from results to inputs: the gradient of the input, and the transposed
// convolution. With a stride, the inputs fall into stride * stride phases, each of which sees taps of its own.
class TurnedKernel {
 public:
  struct Phase {
    int64_t row = 0, column = 0;  // of the first input pixel of this phase
    PackedKernel kernel;          // from out to in channels, stride 1
  };
  // w [taps, in, out] as for PackedKernel; bias [in] or null.
  TurnedKernel(const ConvShape& shape, const float* w, const float* bias = nullptr);
  const ConvShape& shape() const { return shape_; }
  const std::vector<Phase>& phases() const { return phases_; }

 private:
  ConvShape shape_;
  std::vector<Phase> phases_;
};

struct ConvInput {
  bool relu = false;  // of x, before the convolution
};

struct ConvOutput {
  const float* add = nullptr;        // like the result, to be added, or null; may be the result itself
  const float* relu_mask = nullptr;  // where this is not positive, the sum (without `add`) counts as 0, or null
};

// y[n, h, w, out] = conv(x) + bias (+ add).
void conv(const PackedKernel& kernel, const float* x, int64_t images, const ConvInput& input, const ConvOutput& output,
          float* y);
// x[n, stride * height, stride * width, in] from y[n, height, width, out]: every y adds to the inputs it was made from.
void conv_turned(const TurnedKernel& kernel, const float* y, int64_t images, const ConvOutput& output, float* x);
// dw[taps, in, out] = or += sum over images and pixels of x (or relu x) times dy.
void conv_weight_gradient(const ConvShape& shape, const float* x, const float* dy, int64_t images,
                          const ConvInput& input, bool accumulate, float* dw);

// A row of a kernel is one stretch of canvas: its taps are neighbours, and so are their channels.
struct ConvRun {
  int64_t offset = 0;  // of its first number, from the pixel's own place in the canvas
  int64_t length = 0;  // taps times channels
};

// The convolution (of stride 1) at single pixels of `images` images whose canvases are interleaved: [rows, columns,
// images, channels].
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
