// Encoder and decoder of a VQ-VAE (van den Oord, Vinyals & Kavukcuoglu 2017).
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "models/pixelcnn_network.hpp"

namespace mlrun {

struct VqVaeSizes {
  // The keys `width`, `strides`, `blocks` and `dim`.
  explicit VqVaeSizes(config::Reader& reader);
  int64_t width;
  std::vector<int64_t> strides;
  int64_t blocks, dim;
};

// The grid that strides leave of an image. Images whose sides are no multiples of the strides' product are padded with
// zeros, and what is decoded is cut to size.
struct CodeGrid {
  CodeGrid(const VqVaeSizes& sizes, const DataSpec& data);
  int64_t rows, columns;              // of codes
  int64_t image_height, image_width;  // of the data
  int64_t height, width;              // of padded images
};

// x + conv1x1(relu(conv3x3(relu x)))
class ResidualBlock {
 public:
  ResidualBlock(const Scope& scope, int64_t width);
  Variable operator()(Pass& pass, const Variable& x) const;

 private:
  Conv first_, second_;
};

// Convolutions with strides, residual blocks, 1 x 1 to `dim` numbers for each position.
class VqVaeEncoder {
 public:
  VqVaeEncoder(const VqVaeSizes& sizes, const CodeGrid& grid, const PixelEncoding& encoding, const Scope& scope);
  // s32 [n, positions] -> [n rows columns, dim]
  Variable operator()(Pass& pass, const Tensor& symbols) const;

 private:
  Tensor padded(const Tensor& images) const;

  CodeGrid grid_;
  PixelEncoding encoding_;
  int64_t dim_;
  std::vector<Conv> down_;
  std::vector<ResidualBlock> blocks_;
  Conv output_;
};

struct VqVaeDecoderOptions {
  // `section`: that of the decoder, with the key `kind` (conv: pixels independent given the codes; pixelcnn: each given
  // the codes and the pixels before it).
  VqVaeDecoderOptions(config::Reader& section, const PixelLikelihoodOptions& of);
  PixelLikelihoodOptions likelihood;
  std::optional<PixelCnnSizes> pixelcnn;
  std::optional<PixelHeadOptions> head;  // of a pixelcnn
};

// The encoder's mirror image, transposed, to the channels of a likelihood; or to features that are added to the first
// layer of a small PixelCNN.
class VqVaeDecoder {
 public:
  VqVaeDecoder(const VqVaeSizes& sizes, const VqVaeDecoderOptions& options, const CodeGrid& grid,
               const PixelEncoding& encoding, const DataSpec& data, const Scope& scope);
  bool sees_pixels() const { return pixelcnn_ != nullptr; }
  // Parallel view: vectors [n rows columns, dim] and the images' symbols s32 [n, positions] -> logits in raster order.
  // The symbols are not looked at unless sees_pixels().
  Variable logits(Pass& pass, const Variable& vectors, const Tensor& symbols) const;
  // Step view of images whose vectors are [n rows columns, dim], in raster order.
  std::unique_ptr<Stepper> stepper(Pass& pass, const Tensor& vectors) const;

 private:
  Variable features(Pass& pass, const Variable& vectors) const;  // [n, height, width, channels]

  CodeGrid grid_;
  int64_t dim_;
  PixelLikelihood likelihood_;
  Conv input_;
  std::vector<ResidualBlock> blocks_;
  std::vector<ConvTransposed> up_;
  std::unique_ptr<PixelCnnNetwork> pixelcnn_;
};

}  // namespace mlrun
