// Networks of convolutions, one pixel at a time, from caches of what the earlier pixels left behind.
#pragma once

#include <memory>
#include <utility>

#include "kernels/conv.hpp"
#include "models/model.hpp"

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

// The step view of a network that is packed once: T is its stepper, made from (network, count, labels).
template <class Network, class T>
class PackedStepView : public StepView {
 public:
  explicit PackedStepView(Network network) : network_(std::move(network)) {}
  std::unique_ptr<Stepper> begin(int64_t count, const int32_t* labels) const override {
    return std::make_unique<T>(network_, count, labels);
  }

 private:
  Network network_;
};

}  // namespace mlrun
