// Products with the same weights at every step of a recurrence, for the few rows (sequences) of one step: weights are
// packed once per pass, and tiles of rows are kept in registers while the weights stream from the L2 cache.
//
// Every number is added up in one order, whatever rows go with it.
#pragma once

#include <cstdint>

#include "tensor/tensor.hpp"

namespace mlrun::kernels {

// y[rows, out] = x[rows, in] B + add[rows, out], with rows at the given distances; add may be null, or y.
struct StepProductRows {
  int64_t rows = 0;
  const float* x = nullptr;
  int64_t x_stride = 0;
  const float* add = nullptr;
  int64_t add_stride = 0;
  float* y = nullptr;
  int64_t y_stride = 0;
};

class StepWeights {
 public:
  StepWeights() = default;
  // B [in, out], row-major.
  explicit StepWeights(const Tensor& b);
  void operator()(const StepProductRows& rows) const;
  int64_t in() const { return in_; }
  int64_t out() const { return out_; }
  const float* panels() const { return panels_.data<float>(); }

 private:
  int64_t in_ = 0, out_ = 0;
  Tensor panels_;  // [panel, in, kStepPanel], zeros behind the last column
};

constexpr int64_t kStepPanel = 48;  // columns that are packed together: three vectors of 16

}  // namespace mlrun::kernels
