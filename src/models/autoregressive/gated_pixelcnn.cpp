// Gated PixelCNN (van den Oord et al. 2016, "Conditional image generation with PixelCNN decoders").
//
// Two stacks: a vertical one over all rows above, and a horizontal one over the pixels to the left, which is fed by the
// vertical one a row down; so no pixel that may be seen is missed (their fig. 1). Units are gated, y = tanh(s)
// sigmoid(g) (eq. 2), and a class adds a bias to s and g (eq. 4). Kernels are cut off at the row, so nothing masked is
// computed.
#include <fmt/format.h>

#include "kernels/vector/gate.hpp"
#include "models/autoregressive/class_bias.hpp"
#include "models/autoregressive/packed_step_view.hpp"
#include "models/autoregressive/pixel_head.hpp"
#include "models/autoregressive/pixel_input.hpp"
#include "models/autoregressive/step_layer.hpp"
#include "models/model.hpp"
#include "models/order.hpp"
#include "ops/activation.hpp"
#include "ops/dropout.hpp"
#include "ops/gate.hpp"

namespace mlrun {
namespace {

struct GatedPixelCnnOptions {
  explicit GatedPixelCnnOptions(config::Reader& reader)
      : channels(reader.integer("channels", {.help = "of each stack", .min = 1, .max = 4096, .fallback = 64})),
        blocks(reader.integer("blocks", {.help = "gated blocks, the first with a 7 x 7 kernel and the rest with 3 x 3",
                                         .min = 1,
                                         .max = 1000,
                                         .fallback = 7})),
        head(reader, 64),
        dropout(reader.real("dropout",
                            {.help = "of the gated units, in training", .min = 0.0, .max = 0.95, .fallback = 0.0})),
        input(read_pixel_input(reader)),
        condition(read_condition(reader)) {}
  int64_t channels, blocks;
  PixelHeadOptions head;
  double dropout;
  PixelInput input;
  Condition condition;
};

struct Block {
  Conv vertical, across, horizontal, out;
  ClassBias above, here;  // what a class adds to the sums of the two stacks
};

struct PackedBlock {
  kernels::PackedKernel vertical, across, horizontal, out;
  ClassBias above, here;
};

struct PackedNetwork {
  std::vector<PackedBlock> blocks;
  PixelHead::Packed head;
  PixelEncoding encoding;
};

class GatedStepper : public Stepper {
 public:
  GatedStepper(const PackedNetwork& network, int64_t count, const int32_t* labels)
      : network_(network),
        encoding_(network.encoding),
        count_(count),
        width_(network.blocks[0].out.shape().width),
        channels_(network.blocks[0].out.shape().out),
        head_(network.head, count) {
    if (labels) labels_.assign(labels, labels + count);
    for (const PackedBlock& block : network.blocks) {
      blocks_.push_back({StepLayer(block.vertical, count), StepLayer(block.across, count),
                         StepLayer(block.horizontal, count), StepLayer(block.out, count),
                         Tensor({width_ * count * 2 * channels_})});
    }
    sums_ = Tensor({width_ * count * 2 * channels_});
    gated_ = Tensor({width_ * count * channels_});
    h_ = Tensor({count * channels_});
    pixel_ = Tensor({width_ * count * encoding_.channels()});
  }

  void logits(float* out) override {
    const int64_t r = t_ / width_, c = t_ % width_;
    if (c == 0) look_down(r);
    float *h = h_.data<float>(), *sums = sums_.data<float>(), *gated = gated_.data<float>();
    for (size_t b = 0; b < blocks_.size(); ++b) {
      StepBlock& block = blocks_[b];
      if (b > 0) block.horizontal.put(r, c, h, false);
      block.horizontal.at(r, c, block.from_above.data<float>() + c * count_ * 2 * channels_, sums);
      if (const ClassBias& bias = network_.blocks[b].here; bias.defined()) bias.add_to(sums, 1, count_, labels_.data());
      kernels::gate(sums, count_, channels_, gated);
      block.out.put(r, c, gated, false);
      block.out.at(r, c, b > 0 ? h : nullptr, h);
    }
    head_.logits(h, out);
  }

  void observe(const int32_t* symbols) override {
    const int64_t r = t_ / width_, c = t_ % width_, k = encoding_.channels();
    float* row = pixel_.data<float>() + c * count_ * k;
    for (int64_t i = 0; i < count_; ++i) encoding_.pixel(symbols[i], row + i * k);
    blocks_[0].horizontal.put(r, c, row, false);
    ++t_;
  }

 private:
  struct StepBlock {
    StepLayer vertical, across, horizontal, out;
    Tensor from_above;  // [width, images, 2 channels]: what the vertical stack gives to the present row
  };

  // The row above is complete: the vertical stack goes over it.
  void look_down(int64_t r) {
    float *sums = sums_.data<float>(), *gated = gated_.data<float>();
    for (size_t b = 0; b < blocks_.size(); ++b) {
      StepBlock& block = blocks_[b];
      if (r > 0) {
        const float* from = b == 0 ? pixel_.data<float>() : gated;
        const int64_t step = count_ * (b == 0 ? encoding_.channels() : channels_);
        for (int64_t c = 0; c < width_; ++c) block.vertical.put(r - 1, c, from + c * step, false);
        block.vertical.row(r - 1, nullptr, sums);
        if (const ClassBias& bias = network_.blocks[b].above; bias.defined())
          bias.add_to(sums, width_, count_, labels_.data());
        for (int64_t c = 0; c < width_; ++c) block.across.put(r - 1, c, sums + c * count_ * 2 * channels_, false);
        kernels::gate(sums, width_ * count_, channels_, gated);
      }
      block.across.row(r, nullptr, block.from_above.data<float>());
    }
  }

  const PackedNetwork& network_;
  PixelEncoding encoding_;
  int64_t count_, width_, channels_, t_ = 0;
  std::vector<int32_t> labels_;
  std::vector<StepBlock> blocks_;
  StepHead head_;
  Tensor sums_, gated_, h_, pixel_;
};

class GatedPixelCnn : public AutoregressiveModel {
 public:
  using Options = GatedPixelCnnOptions;
  static Facts facts(const Options&) { return {.examples_per_lane = 4}; }

  GatedPixelCnn(const Options& options, const DataSpec& data, const Scope& scope)
      : AutoregressiveModel((require_images(data, "gated_pixelcnn"), data), options.condition, scope),
        dropout_(static_cast<float>(options.dropout)),
        encoding_(options.input, data),
        order_(make_order(OrderKind::kRaster, data, scope)) {
    const int64_t w = options.channels;
    for (int64_t b = 0; b < options.blocks; ++b) {
      const Scope at = scope / fmt::format("block_{}", b + 1);
      const int64_t in = b == 0 ? encoding_.channels() : w, k = b == 0 ? 7 : 3;
      Block block = {Conv(at / "vertical", {k / 2 + 1, k}, rows_above(k), in, 2 * w),
                     Conv(at / "across", {1, 1}, {{-1, 0, 0}}, 2 * w, 2 * w),
                     b == 0 ? Conv(at / "horizontal", {1, k / 2}, left_of(k), in, 2 * w)
                            : Conv(at / "horizontal", {1, k / 2 + 1}, left_and_at(k), in, 2 * w),
                     Conv(at / "out", {1, 1}, pointwise_outline(), w, w),
                     {},
                     {}};
      if (conditional()) {
        block.above = ClassBias(at / "vertical", classes(), 2 * w);
        block.here = ClassBias(at / "horizontal", classes(), 2 * w);
      }
      blocks_.push_back(std::move(block));
    }
    head_ = std::make_unique<PixelHead>(options.head, data, scope, w);
  }

  const std::vector<int64_t>& order(int64_t) const override { return order_; }
  int64_t examples_at_once() const override { return 4; }

  Variable logits(Pass& pass, const OrderedBatch& batch, int64_t) const override {
    Variable v, h;
    for (size_t b = 0; b < blocks_.size(); ++b) {
      const Block& block = blocks_[b];
      const auto layer = [&](const Conv& conv, const Variable& x) {
        return b == 0 ? encoding_.convolved(pass, conv, batch.symbols) : conv(pass, x);
      };
      Variable above = layer(block.vertical, v);
      if (block.above.defined()) above = block.above(pass, above, labels_of(batch));
      Variable here = block.across(pass, above, {.relu = false, .add = layer(block.horizontal, h)});
      if (block.here.defined()) here = block.here(pass, here, labels_of(batch));
      Variable gated = ops::gate(here);
      if (dropout_ > 0) gated = ops::dropout(gated, dropout_, pass.next_noise(), pass.training());
      h = block.out(pass, gated, {.relu = false, .add = b > 0 ? h : Variable()});
      if (b + 1 < blocks_.size()) v = ops::gate(above);
    }
    return (*head_)(pass, h);
  }

  bool views_share_bits() const override { return true; }  // kernels/conv/conv.hpp
  std::unique_ptr<StepView> step_view(const ParameterArena&, int64_t) const override {
    const int64_t rows = data().shape[0], columns = data().shape[1];
    PackedNetwork network = {{}, head_->packed(rows, columns), encoding_};
    for (const Block& block : blocks_) {
      network.blocks.push_back({block.vertical.packed(rows, columns), block.across.packed(rows, columns),
                                block.horizontal.packed(rows, columns), block.out.packed(rows, columns), block.above,
                                block.here});
    }
    return std::make_unique<PackedStepView<PackedNetwork, GatedStepper>>(std::move(network));
  }

 protected:
  Layout network_layout() const override {
    Layout layout;
    layout.line(fmt::format("x as an image {} x {}: {}; outside it everything is 0", data().shape[0], data().shape[1],
                            encoding_.in_words()));
    layout.line("v = h = x; gate(a) = tanh(first half of the channels) * sigma(second half)");
    layout.line(
        fmt::format("for i = 1 .. {} (k = 7 in the first block, 3 in the others): a[r, c] = vertical/bias + sum over "
                    "p, q of v[r + p - "
                    "k/2, c + q - k/2] @ vertical/weight[p, q], p = 0 .. k/2, q = 0 .. k - 1{}",
                    blocks_.size(), conditional() ? ", + vertical/class_bias[y]" : ""));
    layout.line(
        fmt::format("b[r, c] = across/bias + a[r - 1, c] @ across/weight (a[-1] = 0) + horizontal/bias + sum over q of "
                    "h[r, c + q - k/2] @ horizontal/weight[0, q], q = 0 .. k/2 - 1 in the first block, 0 .. k/2 in "
                    "the others{}",
                    conditional() ? ", + horizontal/class_bias[y]" : ""));
    layout.line("h = gate(b) @ out/weight + out/bias, + h but in the first block;  v = gate(a)");
    for (const char* name : {"vertical", "across", "horizontal", "out"}) {
      layout.tensor(fmt::format("block_*/{}/weight", name), "[p, q, in, out]");
      layout.tensor(fmt::format("block_*/{}/bias", name), "of each channel");
    }
    for (const char* name : {"vertical", "horizontal"})
      layout.tensor(fmt::format("block_*/{}/class_bias", name), "a row for each class");
    layout.line("then, with conv(x, NAME) = x @ NAME/weight[0, 0] + NAME/bias:");
    return layout.part("", head_->layout());
  }

 private:
  float dropout_;
  PixelEncoding encoding_;
  std::vector<int64_t> order_;
  std::vector<Block> blocks_;
  std::unique_ptr<PixelHead> head_;
};

[[maybe_unused]] const bool registered = register_model<GatedPixelCnn>(
    "gated_pixelcnn", "Gated convolutions in two stacks, without a blind spot (van den Oord et al. 2016)");

}  // namespace
}  // namespace mlrun
