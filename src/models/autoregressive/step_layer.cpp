#include "models/autoregressive/step_layer.hpp"

#include <algorithm>

namespace mlrun {

namespace {
bool is_pointwise(const kernels::PackedKernel& kernel) { return kernel.shape().outline == kernels::Outline{{0, 0, 0}}; }
}  // namespace

StepLayer::StepLayer(const kernels::PackedKernel& kernel, int64_t images)
    : height_(is_pointwise(kernel) ? 1 : kernel.shape().height),
      width_(kernel.shape().width),
      images_(images),
      canvas_(kernel.shape().outline, height_, width_, kernel.shape().in),
      conv_(kernel, canvas_, images),
      inputs_(Tensor::zeros({canvas_.count() * images})) {}

float* StepLayer::place(int64_t row, int64_t column) {
  return inputs_.data<float>() + canvas_.at(row_of(row), column) * images_;
}

void StepLayer::put(int64_t row, int64_t column, const float* x, bool relu) {
  float* to = place(row, column);
  const int64_t count = images_ * canvas_.channels;
  std::copy_n(x, count, to);
  if (relu) relu_in_place(to, count);
}

void StepLayer::at(int64_t row, int64_t column, const float* add, float* y) const {
  conv_(inputs_.data<float>() + canvas_.at(row_of(row), column) * images_, images_, add, y);
}

void StepLayer::row(int64_t row, const float* add, float* y) const {
  conv_(inputs_.data<float>() + canvas_.at(row_of(row), 0) * images_, images_ * width_, add, y);
}

void relu_in_place(float* x, int64_t count) {
  for (int64_t k = 0; k < count; ++k) x[k] = x[k] < 0 ? 0 : x[k];
}

}  // namespace mlrun
