// PixelCNN (van den Oord, Kalchbrenner & Kavukcuoglu 2016): a stack of masked convolutions, so that every pixel's
// logits see the rows above and the pixels to the left.
//
// A 7 x 7 convolution with mask A, then residual blocks of 1 x 1, 3 x 3 with mask B and 1 x 1 convolutions (their fig.
// 5). With the defaults it has 53,569 parameters. Masked taps are stored as zeros, and never computed.
#include <fmt/format.h>

#include "models/class_bias.hpp"
#include "models/model.hpp"
#include "models/order.hpp"
#include "models/packed_step_view.hpp"
#include "models/pixel_head.hpp"
#include "models/pixel_input.hpp"
#include "models/step_layer.hpp"

namespace mlrun {
namespace {

struct PixelCnnOptions {
  explicit PixelCnnOptions(config::Reader& reader)
      : channels(reader.integer("channels", {.help = "of the 3 x 3 convolutions; the residual stream has twice as many",
                                             .min = 1,
                                             .max = 4096,
                                             .fallback = 16})),
        blocks(reader.integer("blocks", {.help = "residual blocks", .min = 0, .max = 1000, .fallback = 15})),
        head(reader, 32),
        input(read_pixel_input(reader)),
        condition(read_condition(reader)) {}
  int64_t channels, blocks;
  PixelHeadOptions head;
  PixelInput input;
  Condition condition;
};

struct Block {
  Conv enter, middle, leave;
  ClassBias class_bias;
};

// The network's kernels, packed for stepping.
struct PackedPixelCnn {
  kernels::PackedKernel stem;
  struct PackedBlock {
    kernels::PackedKernel enter, middle, leave;
    ClassBias class_bias;
  };
  std::vector<PackedBlock> blocks;
  PixelHead::Packed head;
  PixelEncoding encoding;
};

class PixelCnnStepper : public Stepper {
 public:
  PixelCnnStepper(const PackedPixelCnn& network, int64_t count, const int32_t* labels)
      : network_(network),
        encoding_(network.encoding),
        count_(count),
        width_(network.stem.shape().width),
        stem_(network.stem, count),
        head_(network.head, count) {
    if (labels) labels_.assign(labels, labels + count);
    int64_t widest = network.stem.shape().out;
    for (const auto& block : network.blocks) {
      blocks_.push_back({StepLayer(block.enter, count), StepLayer(block.middle, count), StepLayer(block.leave, count)});
      widest = std::max(widest, block.middle.shape().out);
    }
    h_ = Tensor({count * widest});
    between_ = Tensor({count * widest});
  }

  void logits(float* out) override {
    const int64_t r = t_ / width_, c = t_ % width_;
    float *h = h_.data<float>(), *y = between_.data<float>();
    stem_.at(r, c, nullptr, h);
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

  void observe(const int32_t* symbols) override {
    float* to = stem_.place(t_ / width_, t_ % width_);
    for (int64_t i = 0; i < count_; ++i) encoding_.pixel(symbols[i], to + i * encoding_.channels());
    ++t_;
  }

 private:
  struct StepBlock {
    StepLayer enter, middle, leave;
  };
  const PackedPixelCnn& network_;
  PixelEncoding encoding_;
  int64_t count_, width_, t_ = 0;
  std::vector<int32_t> labels_;
  StepLayer stem_;
  std::vector<StepBlock> blocks_;
  StepHead head_;
  Tensor h_, between_;
};

class PixelCnn : public AutoregressiveModel {
 public:
  using Options = PixelCnnOptions;

  PixelCnn(const Options& options, const DataSpec& data, const Scope& scope)
      : AutoregressiveModel((require_images(data, "pixelcnn"), data), options.condition, scope),
        encoding_(options.input, data),
        order_(make_order(OrderKind::kRaster, data, scope)) {
    const int64_t h = options.channels;
    stem_ = Conv(scope / "stem", {7, 7}, mask_a(7), encoding_.channels(), 2 * h);
    for (int64_t b = 0; b < options.blocks; ++b) {
      const Scope at = scope / fmt::format("block_{}", b + 1);
      Block block = {Conv(at / "enter", {1, 1}, pointwise_outline(), 2 * h, h),
                     Conv(at / "middle", {3, 3}, mask_b(3), h, h),
                     Conv(at / "leave", {1, 1}, pointwise_outline(), h, 2 * h),
                     {}};
      if (conditional()) block.class_bias = ClassBias(at, classes(), h);
      blocks_.push_back(std::move(block));
    }
    head_ = std::make_unique<PixelHead>(options.head, data, scope, 2 * h);
  }

  const std::vector<int64_t>& order(int64_t) const override { return order_; }
  int64_t examples_at_once() const override { return 4; }

  Variable logits(Pass& pass, const Batch& batch, int64_t) const override {
    Variable h = stem_(pass, encoding_.images(batch.symbols));
    for (const Block& block : blocks_) {
      Variable y = block.middle(pass, block.enter(pass, h, {.relu = true, .add = {}}), {.relu = true, .add = {}});
      if (block.class_bias.defined()) y = block.class_bias(pass, y, labels_of(batch));
      h = block.leave(pass, y, {.relu = true, .add = h});
    }
    return (*head_)(pass, h);
  }

  std::unique_ptr<StepView> step_view(const ParameterArena&, int64_t) const override {
    const int64_t rows = data().shape[0], columns = data().shape[1];
    PackedPixelCnn network = {stem_.packed(rows, columns), {}, head_->packed(rows, columns), encoding_};
    for (const Block& block : blocks_) {
      network.blocks.push_back({block.enter.packed(rows, columns), block.middle.packed(rows, columns),
                                block.leave.packed(rows, columns), block.class_bias});
    }
    return std::make_unique<PackedStepView<PackedPixelCnn, PixelCnnStepper>>(std::move(network));
  }

 private:
  PixelEncoding encoding_;
  std::vector<int64_t> order_;
  Conv stem_;
  std::vector<Block> blocks_;
  std::unique_ptr<PixelHead> head_;
};

[[maybe_unused]] const bool registered =
    register_model<PixelCnn>("pixelcnn", "Masked convolutions with residual blocks (van den Oord et al. 2016)");

}  // namespace
}  // namespace mlrun
