// The network of an order-agnostic model of images: residual blocks of convolutions without masks, on several scales (a
// U-Net, Ronneberger, Fischer & Brox 2015). It sees which pixels are known, and what these are.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "models/autoregressive/class_bias.hpp"
#include "models/autoregressive/pixel_head.hpp"
#include "nn/conv.hpp"
#include "nn/layout.hpp"
#include "symbols/data_spec.hpp"

namespace mlrun {

struct ArdmSizes {
  // The keys `channels`, `blocks` and `scales`.
  explicit ArdmSizes(config::Reader& reader);
  int64_t channels, blocks, scales;
};

class ArdmNetwork {
 public:
  // `classes`: 0 where it is not conditional.
  ArdmNetwork(const ArdmSizes& sizes, const PixelHeadOptions& head, const DataSpec& data, int64_t classes,
              const Scope& scope);

  // Room for what it sees of images, none of whose pixels is known: zeros [n, height, width, channels()].
  Tensor unknown(int64_t n) const;
  int64_t channels() const { return symbol_channels_ + 2; }
  // Makes a pixel known: `image` [height, width, channels()].
  void reveal(float* image, int64_t position, int32_t symbol) const;
  // And says how many are: every pixel is told the share of unknown ones, so that an image of which nothing is known is
  // not all zeros.
  void tell_share(float* image, int64_t known) const;

  // images [n, height, width, channels()], labels s32 [n] of a conditional one, or null -> logits of all pixels in raster
  // order. The same bits for an image whatever goes with it.
  Variable logits(Pass& pass, const Tensor& images, const Tensor* labels) const;
  Layout layout() const;

 private:
  struct Block {  // h + conv1x1(relu(conv3x3(relu h) + class))
    Conv middle, leave;
    ClassBias class_bias;
  };
  using Blocks = std::vector<Block>;
  Blocks make_blocks(const Scope& scope, int64_t count, int64_t width, int64_t classes) const;
  static Variable through(Pass& pass, const Blocks& blocks, Variable h, const Tensor* labels);

  int64_t height_, width_, alphabet_, symbol_channels_;
  int64_t scales_ = 1, blocks_ = 0;
  bool conditional_ = false;
  Conv stem_;
  ClassBias class_bias_;           // of the stem's result
  std::vector<Blocks> down_, up_;  // of every scale but the coarsest, the finest first
  Blocks bottom_;
  std::vector<Conv> halve_;
  std::vector<ConvTransposed> double_;
  std::unique_ptr<PixelHead> head_;
};

}  // namespace mlrun
