// The gated residual layer of PixelCNN++ (Salimans et al. 2017) and PixelSNAIL (Chen et al. 2018):
//
//   h = first(relu x) (+ side(a));   (s, g) = second(relu h) (+ a class's bias);   y = x + s sigmoid(g)
#pragma once

#include <string>
#include <vector>

#include "models/autoregressive/class_bias.hpp"
#include "models/autoregressive/step_layer.hpp"
#include "nn/conv.hpp"
#include "nn/layout.hpp"

namespace mlrun {

class GatedResidual {
 public:
  struct Packed {
    kernels::PackedKernel first, side, second;
    bool has_side = false;
    ClassBias class_bias;
  };
  struct Sizes {
    int64_t channels = 0;
    int64_t kernel = 1;   // kernel x kernel taps: the pixel, and those up and to the left of it
    int64_t side = 0;     // channels of a; 0: there is none
    int64_t classes = 0;  // 0: not conditional
    float dropout = 0;    // of h, in training
  };

  // Declares `first`, `side` (if there is one), `second`, and `class_bias` of a conditional one.
  GatedResidual(const Scope& scope, const Sizes& sizes);
  // x [n, height, width, channels], a likewise with `side` channels, labels s32 [n] of a conditional one -> like x
  Variable operator()(Pass& pass, const Variable& x, const Tensor& labels = {}, const Variable& a = {}) const;
  Packed packed(int64_t height, int64_t width) const;
  // y = NAME(x) or NAME(x, a) in words, and the tensors under `path`.
  Layout layout(const std::string& path) const;

 private:
  float dropout_;
  bool has_side_;
  Conv first_, side_, second_;
  ClassBias class_bias_;
};

// The same, one pixel at a time.
class StepGatedResidual {
 public:
  StepGatedResidual(const GatedResidual::Packed& packed, int64_t images);
  // x [images, channels] becomes y; a [images, side] or null.
  void at(int64_t row, int64_t column, const int32_t* labels, const float* a, float* x);

 private:
  const GatedResidual::Packed& packed_;
  int64_t images_, channels_;
  StepLayer first_, second_;
  Tensor h_, sums_, side_;
  std::vector<StepLayer> beside_;  // `side`, where there is one
};

}  // namespace mlrun
