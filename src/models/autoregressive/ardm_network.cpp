#include "models/autoregressive/ardm_network.hpp"

#include <fmt/format.h>

#include <utility>

#include "ops/elementwise.hpp"

namespace mlrun {

ArdmSizes::ArdmSizes(config::Reader& reader)
    : channels(reader.integer(
          "channels",
          {.help = "of the finest scale; each coarser one has twice as many", .min = 1, .max = 4096, .fallback = 32})),
      blocks(reader.integer("blocks", {.help = "residual blocks of each scale, on the way down and on the way up",
                                       .min = 1,
                                       .max = 100,
                                       .fallback = 2})),
      scales(reader.integer("scales", {.help = "each of half the size of the one before; fewer where the sides of the "
                                               "images cannot be halved so often",
                                       .min = 1,
                                       .max = 8,
                                       .fallback = 3})) {}

ArdmNetwork::ArdmNetwork(const ArdmSizes& sizes, const PixelHeadOptions& head, const DataSpec& data, int64_t classes,
                         const Scope& scope)
    : height_(data.shape[0]),
      width_(data.shape[1]),
      alphabet_(data.alphabet),
      symbol_channels_(logits_per_step(data.alphabet)),
      blocks_(sizes.blocks),
      conditional_(classes > 0) {
  int64_t h = height_, w = width_, channels = sizes.channels;
  stem_ = Conv(scope / "stem", {3, 3}, whole_outline(3), this->channels(), channels);
  if (classes > 0) class_bias_ = ClassBias(scope / "stem", classes, channels);
  while (scales_ < sizes.scales && h % 2 == 0 && w % 2 == 0) {
    const std::string number = fmt::format("_{}", scales_);
    down_.push_back(make_blocks(scope / ("down" + number), sizes.blocks, channels, classes));
    halve_.emplace_back(scope / ("halve" + number), KernelSize{2, 2}, whole_outline(2, 2), channels, 2 * channels, 2);
    double_.emplace_back(scope / ("double" + number), KernelSize{2, 2}, whole_outline(2, 2), 2 * channels, channels, 2);
    up_.push_back(make_blocks(scope / ("up" + number), sizes.blocks, channels, classes));
    h /= 2, w /= 2, channels *= 2, ++scales_;
  }
  bottom_ = make_blocks(scope / "bottom", sizes.blocks, channels, classes);
  head_ = std::make_unique<PixelHead>(head, data, scope, sizes.channels);
}

ArdmNetwork::Blocks ArdmNetwork::make_blocks(const Scope& scope, int64_t count, int64_t width, int64_t classes) const {
  Blocks blocks;
  for (int64_t b = 0; b < count; ++b) {
    const Scope at = scope / fmt::format("block_{}", b + 1);
    Block block = {Conv(at / "middle", {3, 3}, whole_outline(3), width, width),
                   Conv(at / "leave", {1, 1}, pointwise_outline(), width, width),
                   {}};
    if (classes > 0) block.class_bias = ClassBias(at, classes, width);
    blocks.push_back(std::move(block));
  }
  return blocks;
}

Tensor ArdmNetwork::unknown(int64_t n) const { return Tensor::zeros({n, height_, width_, channels()}); }

void ArdmNetwork::reveal(float* image, int64_t position, int32_t symbol) const {
  float* pixel = image + position * channels();
  if (alphabet_ == 2) pixel[0] = symbol != 0 ? 1.0f : -1.0f;
  else pixel[symbol] = 1.0f;
  pixel[symbol_channels_] = 1.0f;
}

void ArdmNetwork::tell_share(float* image, int64_t known) const {
  const auto share = 1 - static_cast<float>(known) / static_cast<float>(height_ * width_);
  for (int64_t p = 0; p < height_ * width_; ++p) image[p * channels() + symbol_channels_ + 1] = share;
}

Variable ArdmNetwork::through(Pass& pass, const Blocks& blocks, Variable h, const Tensor* labels) {
  for (const Block& block : blocks) {
    Variable y = block.middle(pass, h, {.relu = true, .add = {}});
    if (block.class_bias.defined()) y = block.class_bias(pass, y, *labels);
    h = block.leave(pass, y, {.relu = true, .add = h});
  }
  return h;
}

Variable ArdmNetwork::logits(Pass& pass, const Tensor& images, const Tensor* labels) const {
  Variable h = stem_(pass, Variable(images));
  if (class_bias_.defined()) h = class_bias_(pass, h, *labels);
  std::vector<Variable> kept;
  for (size_t s = 0; s < down_.size(); ++s) {
    h = through(pass, down_[s], h, labels);
    kept.push_back(h);
    h = halve_[s](pass, h, {.relu = true, .add = {}});
  }
  h = through(pass, bottom_, h, labels);
  for (size_t s = down_.size(); s-- > 0;) h = through(pass, up_[s], ops::add(double_[s](pass, h), kept[s]), labels);
  return (*head_)(pass, h);
}

Layout ArdmNetwork::layout() const {
  Layout layout;
  layout.line(fmt::format("u as an image {} x {}: for each pixel {}, times m; then m; then the share of unknown pixels",
                          height_, width_,
                          alphabet_ == 2 ? "x as -1 or 1" : fmt::format("x one-hot of {}", alphabet_)));
  layout.line(
      "conv(x, NAME)[r, c] = NAME/bias + sum over i, j of x[r + i - k/2, c + j - k/2] @ NAME/weight[i, j], k x k the "
      "size of the kernel, x being 0 outside the image");
  layout.line(
      fmt::format("blocks(h, NAME): for i = 1 .. {}: h = h + conv(relu(conv(relu h, NAME/block_i/middle){}), "
                  "NAME/block_i/leave)",
                  blocks_, conditional_ ? " + NAME/block_i/class_bias[y]" : ""));
  layout.line(fmt::format("h = conv(u, stem){}", conditional_ ? " + stem/class_bias[y]" : ""));
  if (scales_ > 1) {
    layout.line(
        fmt::format("for s = 1 .. {}: h = k_s = blocks(h, down_s); then h[r, c] = halve_s/bias + sum over i, j "
                    "< 2 of relu(h)[2 r + i, 2 c + j] @ halve_s/weight[i, j]",
                    scales_ - 1));
  }
  layout.line("h = blocks(h, bottom)");
  if (scales_ > 1) {
    layout.line(
        fmt::format("for s = {} .. 1: h[2 r + i, 2 c + j] = double_s/bias + double_s/weight[i, j] @ h[r, c] for i, "
                    "j < 2; then h = blocks(h + k_s, up_s)",
                    scales_ - 1));
  }
  layout.tensor("stem/class_bias", "a row for each class");
  layout.tensor("stem/weight", "[i, j, in, out] of conv").tensor("stem/bias", "of each channel");
  for (const char* blocks : {"down_*", "up_*", "bottom"}) {
    for (const char* conv : {"middle", "leave"}) {
      layout.tensor(fmt::format("{}/block_*/{}/weight", blocks, conv), "[i, j, in, out] of conv")
          .tensor(fmt::format("{}/block_*/{}/bias", blocks, conv), "of each channel");
    }
    layout.tensor(fmt::format("{}/block_*/class_bias", blocks), "a row for each class, added before the relu");
  }
  layout.tensor("halve_*/weight", "[i, j, in, out]").tensor("halve_*/bias", "of each channel");
  layout.tensor("double_*/weight", "[i, j, out, in]").tensor("double_*/bias", "of each channel");
  return layout.part("", head_->layout());
}

}  // namespace mlrun
