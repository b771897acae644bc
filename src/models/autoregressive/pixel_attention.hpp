// The attention block of PixelSNAIL (Chen et al. 2018, fig. 2): every pixel averages over all pixels before it.
//
// Keys and values come from the features, the pixel itself and where it is ("background"), queries from the features and
// the background; each through a gated residual layer of 1 x 1 convolutions; and what attention gives is merged into
// the features by another one. Since keys and values know their own pixel, a pixel sees those of the pixels before it
// alone: they stand one place further on, and in front of the first pixel stands one that knows nothing, which every
// pixel sees and so attends to where nothing else is of use.
#pragma once

#include <memory>
#include <vector>

#include "kernels/attention/attention_cache.hpp"
#include "models/autoregressive/gated_residual.hpp"
#include "models/autoregressive/pixel_input.hpp"
#include "nn/conv.hpp"

namespace mlrun {

struct PixelAttentionSizes {
  int64_t channels = 0;                     // of the features
  int64_t heads = 1, keys = 0, values = 0;  // numbers of a key and of a value of each head
  float dropout = 0;
};

class PixelAttention {
 public:
  struct Way {  // from features to what keys and values, or queries, are made from
    Conv enter;
    Parameter background;  // [2, channels]: of a pixel's row and column
    GatedResidual residual;
  };
  struct PackedWay {
    kernels::PackedKernel enter;
    Tensor background;  // [positions, channels]
    GatedResidual::Packed residual;
  };
  struct Packed {
    PackedWay content, question;
    kernels::PackedKernel pixel, key, value, query;
    GatedResidual::Packed merge;
    kernels::AttentionShape shape;
    PixelEncoding encoding;
  };

  PixelAttention(const Scope& scope, const PixelAttentionSizes& sizes, const PixelEncoding& encoding,
                 const DataSpec& data);
  // x [n, height, width, channels], whose pixels know of earlier pixels alone; symbols s32 [n, positions] -> like x
  Variable operator()(Pass& pass, const Variable& x, const Tensor& symbols) const;
  Packed packed() const;
  Layout layout(const std::string& path) const;

 private:
  Variable on_its_way(Pass& pass, const Way& way, const Variable& sums) const;
  PackedWay packed(const Way& way) const;
  float scale() const;

  int64_t rows_, columns_;
  PixelAttentionSizes sizes_;
  PixelEncoding encoding_;
  Way content_, question_;
  Conv pixel_, key_, value_, query_;
  GatedResidual merge_;
  Tensor places_;  // [positions, 2]
};

// The same, one pixel at a time, with the keys and values of the pixels so far.
class StepPixelAttention {
 public:
  StepPixelAttention(const PixelAttention::Packed& packed, int64_t images);
  // x [images, channels] of the next pixel, in raster order, becomes the block's result.
  void step(float* x);
  void observe(const int32_t* symbols);  // what that pixel is

 private:
  struct Way {
    StepLayer enter;
    StepGatedResidual residual;
  };
  void go(Way& way, const PixelAttention::PackedWay& packed, int64_t position, const float* sums, float* to);

  const PixelAttention::Packed& packed_;
  int64_t images_, channels_;
  Way content_, question_;
  StepLayer pixel_, key_, value_, query_;
  StepGatedResidual merge_;
  kernels::AttentionCache cache_;
  // What is known of the pixel before (zeros at first): its features' part, then with its symbol, all [images, channels].
  Tensor entered_, known_, asked_, pixels_, q_, k_, v_, mixed_;
};

}  // namespace mlrun
