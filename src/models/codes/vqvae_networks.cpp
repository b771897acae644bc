#include "models/codes/vqvae_networks.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "ops/activation.hpp"
#include "ops/elementwise.hpp"
#include "ops/shape.hpp"

namespace mlrun {
namespace {

std::vector<ResidualBlock> residual_blocks(const Scope& scope, const VqVaeSizes& sizes) {
  std::vector<ResidualBlock> blocks;
  for (int64_t b = 1; b <= sizes.blocks; ++b) blocks.emplace_back(scope / fmt::format("block_{}", b), sizes.width);
  return blocks;
}

// The tensors of both networks, of the coarsest level and of the finer ones.
void explain_convolutions(Layout& layout, const std::vector<std::string>& names, int64_t levels) {
  for (const std::string level : {"", "level_*/"}) {
    if (!level.empty() && levels == 1) continue;
    for (const std::string& name : names) {
      const bool transposed = name.starts_with("up");
      layout.tensor(level + name + "/weight", transposed ? "[p, q, out, in] of turned" : "[p, q, in, out] of conv");
      layout.tensor(level + name + "/bias", "of each channel");
    }
  }
}

constexpr const char* kResidualBlocks = "h += conv(relu conv(relu h, block_i/first), block_i/second)";

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
      levels(reader.integer("levels", {.help = "grids of codes, one after each of the last strides (VQ-VAE-2); they "
                                               "share one table",
                                       .min = 1,
                                       .max = 8,
                                       .fallback = 1})),
      blocks(reader.integer("blocks", {.help = "residual blocks in the encoder, and in the decoder, of each level",
                                       .min = 0,
                                       .max = 100,
                                       .fallback = 2})),
      dim(reader.integer(
          "dim", {.help = "numbers that are quantised at each position", .min = 1, .max = 4096, .fallback = 64})) {
  if (levels > static_cast<int64_t>(strides.size())) {
    reader.mistake("levels", fmt::format("{} levels need as many strides, and there are {}", levels, strides.size()),
                   fmt::format("model.levels={}", strides.size()));
  }
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
    const int64_t k = kernel_of_stride(s);
    down_.emplace_back(scope / fmt::format("down_{}", ++l), KernelSize{k, k}, whole_outline(k, s), in, sizes.width, s);
    in = sizes.width;
  }
  for (int64_t level = 0; level < grid_.level_count(); ++level) {
    const Scope of = scope_of_level(scope, level);
    Level next;
    if (level > 0) {
      const int64_t s = grid_.levels[static_cast<size_t>(level - 1)].to_finer, k = kernel_of_stride(s);
      next.up = ConvTransposed(of / "up", {k, k}, whole_outline(k, s), sizes.width, sizes.width, s);
    }
    next.blocks = residual_blocks(of, sizes);
    next.output = Conv(of / "output", {1, 1}, pointwise_outline(), sizes.width, dim_);
    levels_.push_back(std::move(next));
  }
}

Variable VqVaeEncoder::operator()(Pass& pass, const Tensor& symbols) const {
  std::vector<Variable> down;  // after each stride
  Variable h = padded(encoding_.images(symbols));
  for (size_t l = 0; l < down_.size(); ++l) down.push_back(h = down_[l](pass, h, {.relu = l > 0, .add = {}}));
  std::vector<Variable> z;
  for (size_t l = 0; l < levels_.size(); ++l) {
    if (l > 0) h = ops::add(levels_[l].up(pass, ops::relu(h)), down[down.size() - 1 - l]);
    for (const ResidualBlock& block : levels_[l].blocks) h = block(pass, h);
    z.push_back(levels_[l].output(pass, h, {.relu = true, .add = {}}));
  }
  return grid_.joined(z);
}

// Zeros around [n, height, width, channels].
Tensor VqVaeEncoder::padded(const Tensor& images) const {
  const int64_t n = images.dim(0), height = images.dim(1), width = images.dim(2), c = images.dim(3);
  if (grid_.height == height && grid_.width == width) return images;
  Tensor out = Tensor::zeros({n, grid_.height, grid_.width, c});
  for (int64_t i = 0; i < n; ++i) {
    for (int64_t r = 0; r < height; ++r) {
      std::copy_n(images.data<float>() + (i * height + r) * width * c, width * c,
                  out.data<float>() + ((i * grid_.height + r + grid_.top()) * grid_.width + grid_.left()) * c);
    }
  }
  return out;
}

Layout VqVaeEncoder::layout() const {
  Layout layout;
  layout.line(fmt::format("x as an image, {}, with zeros around it to {} x {} ({} above, {} to the left)",
                          encoding_.in_words(), grid_.height, grid_.width, grid_.top(), grid_.left()));
  layout.line(
      "conv(x, NAME) of stride s and kernel k x k (k = 2 s, and 3 for s = 1; 1 x 1 for output and second, 3 x 3 for "
      "first): out[r, c] = NAME/bias + sum over p, q of x[s r + p - b, s c + q - b] @ NAME/weight[p, q], b = "
      "floor((k - s) / 2)");
  layout.line(
      "turned(x, NAME), its transpose: out[s r + p - b, s c + q - b] += x[r, c] @ NAME/weight[p, q]', out beginning as "
      "NAME/bias");
  layout.line(fmt::format("encoder: h = conv(x, down_1), then h = conv(relu h, down_i), i = 2 .. {}", down_.size()));
  layout.line(fmt::format(
      "for each of {} levels, the coarsest first: {}{} for all i;  z = conv(relu h, output)", levels_.size(),
      levels_.size() > 1 ? "(a finer level) h = turned(relu h, up) + the h of that size;  " : "", kResidualBlocks));
  layout.tensor("down_*/weight", "[p, q, in, out] of conv").tensor("down_*/bias", "of each channel");
  explain_convolutions(layout, {"up", "block_*/first", "block_*/second", "output"},
                       static_cast<int64_t>(levels_.size()));
  return layout;
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
  for (int64_t level = 0; level < grid_.level_count(); ++level) {
    const Scope of = scope_of_level(scope, level);
    levels_.push_back({Conv(of / "input", {1, 1}, pointwise_outline(), dim_, sizes.width), residual_blocks(of, sizes)});
  }
  const int64_t last = options.pixelcnn ? 2 * options.pixelcnn->channels : likelihood_.channels();
  const auto layers = static_cast<int64_t>(sizes.strides.size());
  for (int64_t l = layers - 1; l >= 0; --l) {
    const int64_t s = sizes.strides[static_cast<size_t>(l)], k = kernel_of_stride(s);
    up_.emplace_back(scope / fmt::format("up_{}", layers - l), KernelSize{k, k}, whole_outline(k, s), sizes.width,
                     l == 0 ? last : sizes.width, s);
  }
  if (options.pixelcnn) {
    pixelcnn_ = std::make_unique<PixelCnnNetwork>(*options.pixelcnn, *options.head, encoding, data, /*classes=*/0,
                                                  scope / "pixelcnn");
  }
}

Variable VqVaeDecoder::features(Pass& pass, const Variable& vectors) const {
  const std::vector<Variable> levels = grid_.split(vectors);
  Variable h;
  for (size_t l = 0; l < up_.size(); ++l) {
    if (l < levels.size()) {
      h = levels_[l].input(pass, levels[l], {.relu = false, .add = h});
      for (const ResidualBlock& block : levels_[l].blocks) h = block(pass, h);
    }
    h = up_[l](pass, ops::relu(h));
  }
  if (grid_.height != grid_.image_height) h = ops::slice(h, 1, grid_.top(), grid_.top() + grid_.image_height);
  if (grid_.width != grid_.image_width) h = ops::slice(h, 2, grid_.left(), grid_.left() + grid_.image_width);
  return h;
}

Layout VqVaeDecoder::layout() const {
  Layout layout;
  layout.line(
      fmt::format("decoder: for up_1 .. up_{}: (while there are levels, the coarsest first) h = conv(q of that level, "
                  "input), + h where there is one;  {} for all i;  then h = turned(relu h, up_i)",
                  up_.size(), kResidualBlocks));
  layout.line("h is cut to the image");
  layout.tensor("up_*/weight", "[p, q, out, in] of turned").tensor("up_*/bias", "of each channel");
  explain_convolutions(layout, {"input", "block_*/first", "block_*/second"}, static_cast<int64_t>(levels_.size()));
  if (pixelcnn_) return layout.line("h is added to conv(x, stem) of:").part("pixelcnn/", pixelcnn_->layout());
  return layout.line("a = h;  " + likelihood_.in_words());
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
