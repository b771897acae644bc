// Encoder and decoder of a VQ-VAE (van den Oord, Vinyals & Kavukcuoglu 2017), of several levels as in VQ-VAE-2 (Razavi,
// van den Oord & Vinyals 2019): a finer level's encoder and decoder see what those of the coarser levels made.
// Unlike theirs, an encoder sees no codes of a coarser level, only what they were chosen by.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "models/autoregressive/pixelcnn_network.hpp"
#include "models/codes/code_grid.hpp"

namespace mlrun {

struct VqVaeSizes {
  // The keys `width`, `strides`, `levels`, `blocks` and `dim`.
  explicit VqVaeSizes(config::Reader& reader);
  int64_t width;
  std::vector<int64_t> strides;
  int64_t levels, blocks, dim;
};

// x + conv1x1(relu(conv3x3(relu x)))
class ResidualBlock {
 public:
  ResidualBlock(const Scope& scope, int64_t width);
  Variable operator()(Pass& pass, const Variable& x) const;

 private:
  Conv first_, second_;
};

// Convolutions with strides; then for each level, the coarsest first, residual blocks and 1 x 1 to `dim` numbers for
// each position. A finer level adds the level above, transposed to its size, to what the strides before made. No level
// sees codes, its own or another's: given the image they are independent.
class VqVaeEncoder {
 public:
  VqVaeEncoder(const VqVaeSizes& sizes, const CodeGrid& grid, const PixelEncoding& encoding, const Scope& scope);
  // s32 [n, pixels] -> [n grid.positions(), dim]
  Variable operator()(Pass& pass, const Tensor& symbols) const;
  Layout layout() const;

 private:
  struct Level {
    ConvTransposed up;  // from the level above; of the coarsest, nothing
    std::vector<ResidualBlock> blocks;
    Conv output;
  };
  Tensor padded(const Tensor& images) const;

  CodeGrid grid_;
  PixelEncoding encoding_;
  int64_t dim_;
  std::vector<Conv> down_;
  std::vector<Level> levels_;
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
// layer of a small PixelCNN. A finer level's vectors, through 1 x 1, are added where the grid has their size.
class VqVaeDecoder {
 public:
  VqVaeDecoder(const VqVaeSizes& sizes, const VqVaeDecoderOptions& options, const CodeGrid& grid,
               const PixelEncoding& encoding, const DataSpec& data, const Scope& scope);
  bool sees_pixels() const { return pixelcnn_ != nullptr; }
  // Parallel view: vectors [n grid.positions(), dim] and the images' symbols s32 [n, pixels] -> logits in raster order.
  // The symbols are not looked at unless sees_pixels().
  Variable logits(Pass& pass, const Variable& vectors, const Tensor& symbols) const;
  // Step view of images whose vectors are [n grid.positions(), dim], in raster order.
  std::unique_ptr<Stepper> stepper(Pass& pass, const Tensor& vectors) const;
  Layout layout() const;

 private:
  struct Level {
    Conv input;
    std::vector<ResidualBlock> blocks;
  };
  Variable features(Pass& pass, const Variable& vectors) const;  // [n, height, width, channels]

  CodeGrid grid_;
  int64_t dim_;
  PixelLikelihood likelihood_;
  std::vector<Level> levels_;
  std::vector<ConvTransposed> up_;  // from the coarsest grid to pixels
  std::unique_ptr<PixelCnnNetwork> pixelcnn_;
};

}  // namespace mlrun
