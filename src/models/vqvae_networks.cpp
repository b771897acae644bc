#include "models/vqvae_networks.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "ops/activation.hpp"
#include "ops/shape.hpp"

namespace mlrun {
namespace {

int64_t kernel_of(int64_t stride) { return stride == 1 ? 3 : 2 * stride; }

// Logits that are known at once, one position after the other.
class KnownStepper : public Stepper {
 public:
  explicit KnownStepper(Tensor logits)  // [count, positions] or [count, positions, alphabet]
      : logits_(std::move(logits)), count_(logits_.dim(0)), width_(logits_.count() / (count_ * logits_.dim(1))) {}
  void logits(float* out) override {
    for (int64_t i = 0; i < count_; ++i)
      std::copy_n(logits_.data<float>() + (i * logits_.dim(1) + t_) * width_, width_, out + i * width_);
  }
  void observe(const int32_t*) override { ++t_; }

 private:
  Tensor logits_;
  int64_t count_, width_, t_ = 0;
};

// A PixelCNN's stepper with the kernels that it steps by.
class OwningStepper : public Stepper {
 public:
  OwningStepper(PixelCnnNetwork::Packed network, Tensor features)
      : network_(std::move(network)), stepper_(network_, features.dim(0), nullptr, features) {}
  void logits(float* out) override { stepper_.logits(out); }
  void observe(const int32_t* symbols) override { stepper_.observe(symbols); }

 private:
  PixelCnnNetwork::Packed network_;
  PixelCnnStepper stepper_;
};

}  // namespace

VqVaeSizes::VqVaeSizes(config::Reader& reader)
    : width(reader.integer("width", {.help = "channels of the hidden layers", .min = 1, .max = 4096, .fallback = 128})),
      strides(reader.integers("strides", {.help = "of the convolutions, one after the other; their product is the side "
                                                  "of the square of pixels that a code stands for",
                                          .min = 1,
                                          .max = 16,
                                          .min_size = 1,
                                          .max_size = 8,
                                          .fallback = {{2, 2}}})),
      blocks(reader.integer(
          "blocks",
          {.help = "residual blocks in the encoder, and in the decoder", .min = 0, .max = 100, .fallback = 2})),
      dim(reader.integer(
          "dim", {.help = "numbers that are quantised at each position", .min = 1, .max = 4096, .fallback = 64})) {}

CodeGrid::CodeGrid(const VqVaeSizes& sizes, const DataSpec& data)
    : image_height(data.shape[0]), image_width(data.shape[1]) {
  int64_t side = 1;
  for (const int64_t s : sizes.strides) side *= s;
  rows = (image_height + side - 1) / side;
  columns = (image_width + side - 1) / side;
  height = rows * side;
  width = columns * side;
}

ResidualBlock::ResidualBlock(const Scope& scope, int64_t width)
    : first_(scope / "first", {3, 3}, whole_outline(3), width, width),
      second_(scope / "second", {1, 1}, pointwise_outline(), width, width) {}

Variable ResidualBlock::operator()(Pass& pass, const Variable& x) const {
  return second_(pass, first_(pass, x, {.relu = true, .add = {}}), {.relu = true, .add = x});
}

VqVaeEncoder::VqVaeEncoder(const VqVaeSizes& sizes, const CodeGrid& grid, const PixelEncoding& encoding,
                           const Scope& scope)
    : grid_(grid), encoding_(encoding), dim_(sizes.dim) {
  int64_t in = encoding_.channels(), l = 0;
  for (const int64_t s : sizes.strides) {
    const int64_t k = kernel_of(s);
    down_.emplace_back(scope / fmt::format("down_{}", ++l), KernelSize{k, k}, whole_outline(k, s), in, sizes.width, s);
    in = sizes.width;
  }
  for (int64_t b = 1; b <= sizes.blocks; ++b) blocks_.emplace_back(scope / fmt::format("block_{}", b), sizes.width);
  output_ = Conv(scope / "output", {1, 1}, pointwise_outline(), sizes.width, dim_);
}

Variable VqVaeEncoder::operator()(Pass& pass, const Tensor& symbols) const {
  Variable h = padded(encoding_.images(symbols));
  for (size_t l = 0; l < down_.size(); ++l) h = down_[l](pass, h, {.relu = l > 0, .add = {}});
  for (const ResidualBlock& block : blocks_) h = block(pass, h);
  h = output_(pass, h, {.relu = true, .add = {}});
  return ops::reshape(h, {symbols.dim(0) * grid_.rows * grid_.columns, dim_});
}

// Zeros around [n, height, width, channels].
Tensor VqVaeEncoder::padded(const Tensor& images) const {
  const int64_t n = images.dim(0), height = images.dim(1), width = images.dim(2), c = images.dim(3);
  if (grid_.height == height && grid_.width == width) return images;
  const int64_t top = (grid_.height - height) / 2, left = (grid_.width - width) / 2;
  Tensor out = Tensor::zeros({n, grid_.height, grid_.width, c});
  for (int64_t i = 0; i < n; ++i) {
    for (int64_t r = 0; r < height; ++r) {
      std::copy_n(images.data<float>() + (i * height + r) * width * c, width * c,
                  out.data<float>() + ((i * grid_.height + r + top) * grid_.width + left) * c);
    }
  }
  return out;
}

VqVaeDecoderOptions::VqVaeDecoderOptions(config::Reader& section, const PixelLikelihoodOptions& of) : likelihood(of) {
  const std::string kind =
      section.kind({{"conv", "pixels independent given the codes"},
                    {"pixelcnn", "each pixel given the codes and the pixels before it, by a small PixelCNN"}},
                   "conv");
  if (kind != "pixelcnn") return;
  pixelcnn.emplace(section, 4);
  head.emplace(section, 32, of);
}

VqVaeDecoder::VqVaeDecoder(const VqVaeSizes& sizes, const VqVaeDecoderOptions& options, const CodeGrid& grid,
                           const PixelEncoding& encoding, const DataSpec& data, const Scope& scope)
    : grid_(grid), dim_(sizes.dim), likelihood_(options.likelihood, data) {
  input_ = Conv(scope / "input", {1, 1}, pointwise_outline(), dim_, sizes.width);
  for (int64_t b = 1; b <= sizes.blocks; ++b) blocks_.emplace_back(scope / fmt::format("block_{}", b), sizes.width);
  const int64_t last = options.pixelcnn ? 2 * options.pixelcnn->channels : likelihood_.channels();
  const auto layers = static_cast<int64_t>(sizes.strides.size());
  for (int64_t l = layers - 1; l >= 0; --l) {
    const int64_t s = sizes.strides[static_cast<size_t>(l)], k = kernel_of(s);
    up_.emplace_back(scope / fmt::format("up_{}", layers - l), KernelSize{k, k}, whole_outline(k, s), sizes.width,
                     l == 0 ? last : sizes.width, s);
  }
  if (options.pixelcnn) {
    pixelcnn_ = std::make_unique<PixelCnnNetwork>(*options.pixelcnn, *options.head, encoding, data, /*classes=*/0,
                                                  scope / "pixelcnn");
  }
}

Variable VqVaeDecoder::features(Pass& pass, const Variable& vectors) const {
  Variable h = input_(pass, ops::reshape(vectors, {-1, grid_.rows, grid_.columns, dim_}));
  for (const ResidualBlock& block : blocks_) h = block(pass, h);
  for (const ConvTransposed& layer : up_) h = layer(pass, ops::relu(h));
  const int64_t top = (grid_.height - grid_.image_height) / 2, left = (grid_.width - grid_.image_width) / 2;
  if (grid_.height != grid_.image_height) h = ops::slice(h, 1, top, top + grid_.image_height);
  if (grid_.width != grid_.image_width) h = ops::slice(h, 2, left, left + grid_.image_width);
  return h;
}

Variable VqVaeDecoder::logits(Pass& pass, const Variable& vectors, const Tensor& symbols) const {
  const Variable h = features(pass, vectors);
  return pixelcnn_ ? pixelcnn_->logits(pass, symbols, nullptr, h) : likelihood_.logits(h);
}

std::unique_ptr<Stepper> VqVaeDecoder::stepper(Pass& pass, const Tensor& vectors) const {
  const Variable h = features(pass, vectors);
  if (pixelcnn_) return std::make_unique<OwningStepper>(pixelcnn_->packed(), h.value());
  return std::make_unique<KnownStepper>(likelihood_.logits(h).value());
}

}  // namespace mlrun
