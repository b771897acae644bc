#include "models/autoregressive/pixelcnn_network.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace mlrun {

PixelCnnSizes::PixelCnnSizes(config::Reader& reader, int64_t usual_blocks)
    : channels(reader.integer("channels", {.help = "of the 3 x 3 convolutions; the residual stream has twice as many",
                                           .min = 1,
                                           .max = 4096,
                                           .fallback = 16})),
      blocks(reader.integer("blocks", {.help = "residual blocks", .min = 0, .max = 1000, .fallback = usual_blocks})) {}

PixelCnnNetwork::PixelCnnNetwork(const PixelCnnSizes& sizes, const PixelHeadOptions& head,
                                 const PixelEncoding& encoding, const DataSpec& data, int64_t classes,
                                 const Scope& scope)
    : rows_(data.shape[0]), columns_(data.shape[1]), encoding_(encoding) {
  const int64_t h = sizes.channels;
  stem_ = Conv(scope / "stem", {7, 7}, mask_a(7), encoding_.channels(), 2 * h);
  for (int64_t b = 0; b < sizes.blocks; ++b) {
    const Scope at = scope / fmt::format("block_{}", b + 1);
    Block block = {Conv(at / "enter", {1, 1}, pointwise_outline(), 2 * h, h),
                   Conv(at / "middle", {3, 3}, mask_b(3), h, h),
                   Conv(at / "leave", {1, 1}, pointwise_outline(), h, 2 * h),
                   {}};
    if (classes > 0) block.class_bias = ClassBias(at, classes, h);
    blocks_.push_back(std::move(block));
  }
  head_ = std::make_unique<PixelHead>(head, data, scope, 2 * h);
}

Variable PixelCnnNetwork::logits(Pass& pass, const Tensor& symbols, const Tensor* labels,
                                 const Variable& features) const {
  Variable h = encoding_.convolved(pass, stem_, symbols, features);
  const Tensor classes = labels ? *labels : Tensor();
  for (const Block& block : blocks_) {
    h = pass.block(h, [&block, classes](Pass& inside, const Variable& x) {
      Variable y = block.middle(inside, block.enter(inside, x, {.relu = true, .add = {}}), {.relu = true, .add = {}});
      if (block.class_bias.defined()) y = block.class_bias(inside, y, classes);
      return block.leave(inside, y, {.relu = true, .add = x});
    });
  }
  return (*head_)(pass, h);
}

PixelCnnNetwork::Packed PixelCnnNetwork::packed() const {
  Packed network = {stem_.packed(rows_, columns_), {}, head_->packed(rows_, columns_), encoding_};
  for (const Block& block : blocks_) {
    network.blocks.push_back({block.enter.packed(rows_, columns_), block.middle.packed(rows_, columns_),
                              block.leave.packed(rows_, columns_), block.class_bias});
  }
  return network;
}

Layout PixelCnnNetwork::layout() const {
  Layout layout;
  layout.line(fmt::format("x as an image {} x {}: {}", rows_, columns_, encoding_.in_words()));
  layout.line(
      "conv(x, NAME)[r, c] = NAME/bias + sum over i, j of x[r + i - k/2, c + j - k/2] @ NAME/weight[i, j], k x k "
      "the size of the kernel, x being 0 outside the image; what a mask forbids is 0 in the file");
  const bool biased = !blocks_.empty() && blocks_[0].class_bias.defined();
  layout.line("h = conv(x, stem)");
  layout.line(
      fmt::format("for i = 1 .. {}: m = conv(relu conv(relu h, block_i/enter), block_i/middle){};  h = h + "
                  "conv(relu m, block_i/leave)",
                  blocks_.size(), biased ? " + block_i/class_bias[y]" : ""));
  for (const char* name : {"stem", "block_*/enter", "block_*/middle", "block_*/leave"}) {
    layout.tensor(std::string(name) + "/weight", "[i, j, in, out] of conv")
        .tensor(std::string(name) + "/bias", "of each channel");
  }
  layout.tensor("block_*/class_bias", "a row for each class, added before the relu");
  return layout.part("", head_->layout());
}

PixelCnnStepper::PixelCnnStepper(const PixelCnnNetwork::Packed& network, int64_t count, const int32_t* labels,
                                 Tensor features)
    : network_(network),
      encoding_(network.encoding),
      count_(count),
      width_(network.stem.shape().width),
      stem_(network.stem, count),
      head_(network.head, count),
      features_(std::move(features)) {
  if (labels) labels_.assign(labels, labels + count);
  int64_t widest = network.stem.shape().out;
  for (const auto& block : network.blocks) {
    blocks_.push_back({StepLayer(block.enter, count), StepLayer(block.middle, count), StepLayer(block.leave, count)});
    widest = std::max(widest, block.middle.shape().out);
  }
  h_ = Tensor({count * widest});
  between_ = Tensor({count * widest});
  if (features_.defined()) here_ = Tensor({count * features_.dim(3)});
}

const float* PixelCnnStepper::features_here() {
  if (!features_.defined()) return nullptr;
  const int64_t c = features_.dim(3), positions = features_.dim(1) * features_.dim(2);
  for (int64_t i = 0; i < count_; ++i)
    std::copy_n(features_.data<float>() + (i * positions + t_) * c, c, here_.data<float>() + i * c);
  return here_.data<float>();
}

void PixelCnnStepper::logits(float* out) {
  const int64_t r = t_ / width_, c = t_ % width_;
  float *h = h_.data<float>(), *y = between_.data<float>();
  stem_.at(r, c, features_here(), h);
  for (size_t b = 0; b < blocks_.size(); ++b) {
    StepBlock& block = blocks_[b];
    block.enter.put(r, c, h, true);
    block.enter.at(r, c, nullptr, y);
    block.middle.put(r, c, y, true);
    block.middle.at(r, c, nullptr, y);
    if (const ClassBias& bias = network_.blocks[b].class_bias; bias.defined())
      bias.add_to(y, 1, count_, labels_.data());
    block.leave.put(r, c, y, true);
    block.leave.at(r, c, h, h);
  }
  head_.logits(h, out);
}

void PixelCnnStepper::observe(const int32_t* symbols) {
  float* to = stem_.place(t_ / width_, t_ % width_);
  for (int64_t i = 0; i < count_; ++i) encoding_.pixel(symbols[i], to + i * encoding_.channels());
  ++t_;
}

}  // namespace mlrun
