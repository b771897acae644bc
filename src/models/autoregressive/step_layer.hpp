// Networks of convolutions, one pixel at a time, from caches of what the earlier pixels left behind.
#pragma once

#include "kernels/conv/conv.hpp"
#include "tensor/tensor.hpp"

namespace mlrun {

// One layer of a stepping network with the canvas of its inputs: [height, width, images, channels], interleaved so that
// one pixel of all images is a stretch of memory. A pointwise layer remembers one row only.
class StepLayer {
 public:
  // The kernel must outlive it.
  StepLayer(const kernels::PackedKernel& kernel, int64_t images);
  float* place(int64_t row, int64_t column);                         // inputs [images, in] of a pixel, to be filled
  void put(int64_t row, int64_t column, const float* x, bool relu);  // x [images, in]
  // Results [images, out] of one pixel, or [width, images, out] of a row; add likewise, or null.
  void at(int64_t row, int64_t column, const float* add, float* y) const;
  void row(int64_t row, const float* add, float* y) const;

 private:
  int64_t row_of(int64_t row) const { return height_ == 1 ? 0 : row; }
  int64_t height_, width_, images_;
  kernels::Canvas canvas_;
  kernels::PixelConv conv_;
  Tensor inputs_;
};

void relu_in_place(float* x, int64_t count);

}  // namespace mlrun
