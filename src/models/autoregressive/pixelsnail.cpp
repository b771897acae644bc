// PixelSNAIL (Chen, Mishra, Rohaninejad & Abbeel 2018, "PixelSNAIL: An improved autoregressive generative model").
//
// Blocks of gated residual layers, whose causal convolutions see what is near in detail, each followed by attention over
// all pixels before (models/autoregressive/pixel_attention.hpp), which sees what is far. The kernel of a layer sees a
// square up and to the left of a pixel, the paper's shift down and shift right at once.
//
// Otherwise than in the authors' program: relu in place of concatenated elu; the two shifted streams of the first layer
// are the one convolution with mask A that they add up to, of 7 x 7 taps as in the other models here; where features,
// pixel and background are concatenated there, their 1 x 1 convolutions are added up here, into `channels`; the first
// pixel's attention is over a learned key and value in place of nothing, and later pixels see it too; weights have no
// norms of their own; and the likelihood is that of every image model here.
#include <fmt/format.h>

#include <memory>
#include <utility>
#include <vector>

#include "models/autoregressive/gated_residual.hpp"
#include "models/autoregressive/packed_step_view.hpp"
#include "models/autoregressive/pixel_attention.hpp"
#include "models/autoregressive/pixel_head.hpp"
#include "models/model.hpp"
#include "models/order.hpp"

namespace mlrun {
namespace {

struct PixelSnailOptions {
  explicit PixelSnailOptions(config::Reader& reader)
      : channels(reader.integer("channels", {.help = "of the features", .min = 1, .max = 4096, .fallback = 32})),
        blocks(reader.integer(
            "blocks",
            {.help = "of gated residual layers and attention after them", .min = 1, .max = 1000, .fallback = 3})),
        layers(reader.integer("layers",
                              {.help = "gated residual layers of each block", .min = 1, .max = 1000, .fallback = 3})),
        kernel(reader.integer(
            "kernel", {.help = "rows and columns of a layer's kernel, up and to the left of a pixel with itself",
                       .min = 1,
                       .max = 63,
                       .fallback = 2})),
        heads(reader.integer("heads", {.help = "of attention", .min = 1, .max = 4096, .fallback = 1})),
        keys(reader.integer("keys", {.help = "numbers of each head's keys", .min = 1, .max = 4096, .fallback = 16})),
        values(
            reader.integer("values", {.help = "numbers of each head's values", .min = 1, .max = 4096, .fallback = 16})),
        head(reader, 64),
        dropout(reader.real(
            "dropout",
            {.help = "within each gated residual layer, in training", .min = 0.0, .max = 0.95, .fallback = 0.0})),
        input(read_pixel_input(reader)),
        condition(read_condition(reader)) {}
  int64_t channels, blocks, layers, kernel, heads, keys, values;
  PixelHeadOptions head;
  double dropout;
  PixelInput input;
  Condition condition;
};

struct Block {
  std::vector<GatedResidual> layers;
  std::unique_ptr<PixelAttention> attention;
};

struct PackedBlock {
  std::vector<GatedResidual::Packed> layers;
  PixelAttention::Packed attention;
};

struct PackedNetwork {
  kernels::PackedKernel stem;
  std::vector<PackedBlock> blocks;
  PixelHead::Packed head;
  PixelEncoding encoding;
};

class PixelSnailStepper : public Stepper {
 public:
  PixelSnailStepper(const PackedNetwork& network, int64_t count, const int32_t* labels)
      : encoding_(network.encoding),
        count_(count),
        width_(network.stem.shape().width),
        stem_(network.stem, count),
        head_(network.head, count),
        x_({count * network.stem.shape().out}) {
    if (labels) labels_.assign(labels, labels + count);
    for (const PackedBlock& block : network.blocks) {
      std::vector<StepGatedResidual> layers;
      for (const GatedResidual::Packed& layer : block.layers) layers.emplace_back(layer, count);
      blocks_.push_back({std::move(layers), StepPixelAttention(block.attention, count)});
    }
  }

  void logits(float* out) override {
    const int64_t r = t_ / width_, c = t_ % width_;
    float* x = x_.data<float>();
    stem_.at(r, c, nullptr, x);
    for (StepBlock& block : blocks_) {
      for (StepGatedResidual& layer : block.layers) layer.at(r, c, labels_.data(), nullptr, x);
      block.attention.step(x);
    }
    head_.logits(x, out);
  }

  void observe(const int32_t* symbols) override {
    float* to = stem_.place(t_ / width_, t_ % width_);
    for (int64_t i = 0; i < count_; ++i) encoding_.pixel(symbols[i], to + i * encoding_.channels());
    for (StepBlock& block : blocks_) block.attention.observe(symbols);
    ++t_;
  }

 private:
  struct StepBlock {
    std::vector<StepGatedResidual> layers;
    StepPixelAttention attention;
  };

  PixelEncoding encoding_;
  int64_t count_, width_, t_ = 0;
  std::vector<int32_t> labels_;
  StepLayer stem_;
  std::vector<StepBlock> blocks_;
  StepHead head_;
  Tensor x_;
};

class PixelSnail : public AutoregressiveModel {
 public:
  using Options = PixelSnailOptions;
  static Facts facts(const Options&) { return {.examples_per_lane = 4, .blocks = true}; }

  PixelSnail(const Options& options, const DataSpec& data, const Scope& scope)
      : AutoregressiveModel((require_images(data, "pixelsnail"), data), options.condition, scope),
        encoding_(options.input, data),
        order_(make_order(OrderKind::kRaster, data, scope)),
        stem_(scope / "stem", {7, 7}, mask_a(7), encoding_.channels(), options.channels) {
    const auto dropout = static_cast<float>(options.dropout);
    for (int64_t b = 0; b < options.blocks; ++b) {
      const Scope at = scope / fmt::format("block_{}", b + 1);
      Block block;
      for (int64_t l = 0; l < options.layers; ++l) {
        block.layers.emplace_back(
            at / fmt::format("layer_{}", l + 1),
            GatedResidual::Sizes{
                .channels = options.channels, .kernel = options.kernel, .classes = classes(), .dropout = dropout});
      }
      block.attention = std::make_unique<PixelAttention>(
          at / "attention", PixelAttentionSizes{options.channels, options.heads, options.keys, options.values, dropout},
          encoding_, data);
      blocks_.push_back(std::move(block));
    }
    head_ = std::make_unique<PixelHead>(options.head, data, scope, options.channels);
  }

  const std::vector<int64_t>& order(int64_t) const override { return order_; }
  int64_t examples_at_once() const override { return 4; }

  Variable logits(Pass& pass, const OrderedBatch& batch, int64_t) const override {
    Variable x = encoding_.convolved(pass, stem_, batch.symbols);
    const Tensor labels = conditional() ? labels_of(batch) : Tensor(), symbols = batch.symbols;
    for (const Block& block : blocks_) {
      x = pass.block(x, [&block, labels, symbols](Pass& inside, const Variable& before) {
        Variable h = before;
        for (const GatedResidual& layer : block.layers) h = layer(inside, h, labels);
        return (*block.attention)(inside, h, symbols);
      });
    }
    return (*head_)(pass, x);
  }

  std::unique_ptr<StepView> step_view(const ParameterArena&, int64_t) const override {
    const int64_t rows = data().shape[0], columns = data().shape[1];
    PackedNetwork network = {stem_.packed(rows, columns), {}, head_->packed(rows, columns), encoding_};
    for (const Block& block : blocks_) {
      std::vector<GatedResidual::Packed> layers;
      for (const GatedResidual& layer : block.layers) layers.push_back(layer.packed(rows, columns));
      network.blocks.push_back({std::move(layers), block.attention->packed()});
    }
    return std::make_unique<PackedStepView<PackedNetwork, PixelSnailStepper>>(std::move(network));
  }

 protected:
  Layout network_layout() const override {
    Layout layout;
    layout.line(fmt::format("x as an image {} x {}: {}; outside it everything is 0", data().shape[0], data().shape[1],
                            encoding_.in_words()));
    layout.line(
        "z[r, c] = stem/bias + sum over p, q of x[r + p - 3, c + q - 3] @ stem/weight[p, q]; what the mask forbids is "
        "0 in the file");
    layout.line(
        "conv(z, NAME)[r, c] = NAME/bias + sum over p, q of z[r + p - k + 1, c + q - k + 1] @ NAME/weight[p, q], k x k "
        "the size of the kernel");
    layout.line(fmt::format(
        "res(z, NAME) = z + s * sigma(g), (s, g) = the halves of the channels of conv(relu conv(relu z, NAME/first), "
        "NAME/second){}; with a: res(z, NAME, a) adds conv(a, NAME/side) to the inner convolution",
        conditional() ? ", + NAME/class_bias[y] where there is one" : ""));
    layout.line(fmt::format(
        "for i = 1 .. {}: for j = 1 .. {}: z = res(z, block_i/layer_j);  then with A = "
        "block_i/attention, place[r, c] = ((r - {} / 2) / {}, (c - {} / 2) / {}):",
        blocks_.size(), blocks_[0].layers.size(), data().shape[0], data().shape[0], data().shape[1], data().shape[1]));
    layout.line(
        "  u = res(conv(z, A/content/enter) + conv(x, A/content/pixel) + place @ A/content/background, "
        "A/content/residual);  w = res(conv(z, A/question/enter) + place @ A/question/background, "
        "A/question/residual)");
    layout.line(
        "  t = the number of a pixel in raster order: u'[t] = u[t - 1], u'[0] = 0;  k = conv(u', A/key), v = conv(u', "
        "A/value), q = conv(w, A/query), of as many heads as the spec says, one behind the other");
    layout.line(
        "  m[t] = sum over s <= t of softmax over s (q[t] . k[s] / sqrt(the numbers of a key)) v[s] of each head;  z = "
        "res(z, A/merge, m)");
    layout.line("h = z; then the head:");
    layout.tensor("stem/weight", "[p, q, in, out], 7 x 7").tensor("stem/bias", "of each channel");
    layout.part("", blocks_[0].layers[0].layout("block_*/layer_*"));
    layout.part("", blocks_[0].attention->layout("block_*/attention"));
    return layout.part("", head_->layout());
  }

 private:
  PixelEncoding encoding_;
  std::vector<int64_t> order_;
  Conv stem_;
  std::vector<Block> blocks_;
  std::unique_ptr<PixelHead> head_;
};

[[maybe_unused]] const bool registered = register_model<PixelSnail>(
    "pixelsnail", "Gated causal convolutions, and attention over all earlier pixels (Chen et al. 2018)");

}  // namespace
}  // namespace mlrun
