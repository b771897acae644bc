// The network of a PixelCNN (van den Oord, Kalchbrenner & Kavukcuoglu 2016): a stack of masked convolutions, so that
// every pixel's logits see the rows above and the pixels to the left; and, where there are some, features of the whole
// image, which are added to the first layer.
#pragma once

#include <memory>
#include <vector>

#include "models/autoregressive/class_bias.hpp"
#include "models/autoregressive/pixel_head.hpp"
#include "models/autoregressive/pixel_input.hpp"
#include "models/autoregressive/step_layer.hpp"
#include "models/model.hpp"

namespace mlrun {

struct PixelCnnSizes {
  // The keys `channels` and `blocks`.
  PixelCnnSizes(config::Reader& reader, int64_t usual_blocks);
  int64_t channels, blocks;
};

// A 7 x 7 convolution with mask A, then residual blocks of 1 x 1, 3 x 3 with mask B and 1 x 1 convolutions (their fig.
// 5). Masked taps are stored as zeros, and never computed.
class PixelCnnNetwork {
 public:
  struct Packed {  // the kernels, arranged for stepping
    struct Block {
      kernels::PackedKernel enter, middle, leave;
      ClassBias class_bias;
    };
    kernels::PackedKernel stem;
    std::vector<Block> blocks;
    PixelHead::Packed head;
    PixelEncoding encoding;
  };

  // `classes`: 0 where it is not conditional.
  PixelCnnNetwork(const PixelCnnSizes& sizes, const PixelHeadOptions& head, const PixelEncoding& encoding,
                  const DataSpec& data, int64_t classes, const Scope& scope);
  int64_t features() const { return stem_.out(); }  // channels of the features that it takes
  // Symbols s32 [n, positions], labels s32 [n] of a conditional one, or null, features [n, height, width, features()]
  // or undefined -> logits.
  Variable logits(Pass& pass, const Tensor& symbols, const Tensor* labels, const Variable& features = {}) const;
  Packed packed() const;
  Layout layout() const;

 private:
  struct Block {
    Conv enter, middle, leave;
    ClassBias class_bias;
  };
  int64_t rows_, columns_;
  PixelEncoding encoding_;
  Conv stem_;
  std::vector<Block> blocks_;
  std::unique_ptr<PixelHead> head_;
};

class PixelCnnStepper : public Stepper {
 public:
  // The network must outlive it. features [count, height, width, features()], or undefined.
  PixelCnnStepper(const PixelCnnNetwork::Packed& network, int64_t count, const int32_t* labels, Tensor features = {});
  void logits(float* out) override;
  void observe(const int32_t* symbols) override;

 private:
  struct StepBlock {
    StepLayer enter, middle, leave;
  };
  const float* features_here();  // [count, features], or null

  const PixelCnnNetwork::Packed& network_;
  PixelEncoding encoding_;
  int64_t count_, width_, t_ = 0;
  std::vector<int32_t> labels_;
  StepLayer stem_;
  std::vector<StepBlock> blocks_;
  StepHead head_;
  Tensor h_, between_, features_, here_;
};

}  // namespace mlrun
