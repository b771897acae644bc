// PixelRNN with Diagonal BiLSTM layers (van den Oord, Kalchbrenner & Kavukcuoglu 2016, section 3.2).
//
// Every layer crosses the image twice with an LSTM, from the left and from the right, so that a pixel's context is all
// of what came before, and not a window. The crossing from the right looks at pixels that raster order has not reached,
// and so it is passed on one row further down. Layers are residual (their fig. 5, right), after a 7 x 7 mask A
// convolution. The two crossings have their own output weights here; the paper adds them up under one.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "kernels/recurrent/lstm.hpp"
#include "models/autoregressive/class_bias.hpp"
#include "models/autoregressive/packed_step_view.hpp"
#include "models/autoregressive/pixel_head.hpp"
#include "models/autoregressive/pixel_input.hpp"
#include "models/autoregressive/step_layer.hpp"
#include "models/model.hpp"
#include "models/order.hpp"
#include "nn/initialisers.hpp"
#include "ops/dropout.hpp"
#include "ops/recurrent/diagonal_lstm.hpp"

namespace mlrun {
namespace {

struct DiagonalBilstmOptions {
  explicit DiagonalBilstmOptions(config::Reader& reader)
      : hidden(reader.integer("hidden", {.help = "units of each LSTM; the residual stream has twice as many channels",
                                         .min = 1,
                                         .max = 4096,
                                         .fallback = 16})),
        layers(reader.integer("layers", {.help = "of two crossings each", .min = 1, .max = 1000, .fallback = 7})),
        head(reader, 32),
        dropout(reader.real(
            "dropout",
            {.help = "of what a layer adds to the stream, in training", .min = 0.0, .max = 0.95, .fallback = 0.0})),
        input(read_pixel_input(reader)),
        condition(read_condition(reader)) {}
  int64_t hidden, layers;
  PixelHeadOptions head;
  double dropout;
  PixelInput input;
  Condition condition;
};

// One crossing: its input to the gates, its recurrent weights, its way into the residual stream.
struct Crossing {
  ops::Crossing way;
  Conv gates, out;
  Parameter side, up;

  Variable operator()(Pass& pass, const Variable& x) const {
    return ops::diagonal_lstm(gates(pass, x), pass(side), pass(up), way);
  }
};

struct Layer {
  std::array<Crossing, 2> crossings;  // from the left, from the right
  ClassBias class_bias;
};

struct PackedCrossing {
  kernels::PackedKernel gates, up, out;
  Tensor side;
};

struct PackedLayer {
  PackedCrossing left, right;
  ClassBias class_bias;
};

struct PackedNetwork {
  kernels::PackedKernel stem;
  std::vector<PackedLayer> layers;
  PixelHead::Packed head;
  PixelEncoding encoding;
};

// A crossing, pixel by pixel; rows of states are [width, images, hidden].
class StepCrossing {
 public:
  StepCrossing(const PackedCrossing& packed, int64_t images)
      : packed_(packed),
        images_(images),
        hidden_(packed.side.dim(0)),
        gates_(packed.gates, images),
        up_(packed.up, images),
        pre_({images * 4 * hidden_}),
        c_({images * hidden_}),
        h_({images * hidden_}),
        h_before_({images * hidden_}) {}

  // The state of a pixel whose neighbour's state is the last one computed in this row (`first`: there is none).
  const float* pixel(int64_t row, int64_t column, bool first, const float* x) {
    gates_.put(row, column, x, false);
    gates_.at(row, column, nullptr, pre_.data<float>());
    if (row > 0) up_.at(row, column, pre_.data<float>(), pre_.data<float>());
    kernels::LstmStep step;
    step.count = images_;
    step.width = hidden_;
    step.w = packed_.side.data<float>();
    step.pre = {pre_.data<float>(), 4 * hidden_};
    std::swap(h_, h_before_);  // an LSTM reads all of its last state for every channel of the next
    if (!first) {
      step.h_before = {h_before_.data<float>(), hidden_};
      step.c_before = {c_.data<float>(), hidden_};
    }
    step.gates = {pre_.data<float>(), 4 * hidden_};
    step.c = {c_.data<float>(), hidden_};
    step.h = {h_.data<float>(), hidden_};
    kernels::lstm_step(step);
    up_.put(row, column, h_.data<float>(), false);
    return h_.data<float>();
  }

 private:
  const PackedCrossing& packed_;
  int64_t images_, hidden_;
  StepLayer gates_, up_;
  Tensor pre_, c_, h_, h_before_;
};

class BilstmStepper : public Stepper {
 public:
  BilstmStepper(const PackedNetwork& network, int64_t count, const int32_t* labels)
      : network_(network),
        encoding_(network.encoding),
        count_(count),
        width_(network.stem.shape().width),
        stream_(network.stem.shape().out),
        stem_(network.stem, count),
        head_(network.head, count) {
    if (labels) labels_.assign(labels, labels + count);
    for (const PackedLayer& layer : network.layers) {
      layers_.push_back({StepCrossing(layer.left, count), StepCrossing(layer.right, count),
                         StepLayer(layer.left.out, count), StepLayer(layer.right.out, count),
                         Tensor({width_ * count * stream_})});
    }
    x_ = Tensor({count * stream_});
  }

  void logits(float* out) override {
    const int64_t r = t_ / width_, c = t_ % width_;
    if (c == 0 && r > 0) cross_back(r - 1);
    float* x = x_.data<float>();
    stem_.at(r, c, nullptr, x);
    for (size_t l = 0; l < layers_.size(); ++l) {
      StepLayers& layer = layers_[l];
      std::copy_n(x, count_ * stream_, layer.row.data<float>() + c * count_ * stream_);
      layer.out.put(r, c, layer.left.pixel(r, c, c == 0, x), false);
      layer.out.at(r, c, x, x);
      layer.out_right.at(r, c, x, x);
      if (const ClassBias& bias = network_.layers[l].class_bias; bias.defined())
        bias.add_to(x, 1, count_, labels_.data());
    }
    head_.logits(x, out);
  }

  void observe(const int32_t* symbols) override {
    float* to = stem_.place(t_ / width_, t_ % width_);
    for (int64_t i = 0; i < count_; ++i) encoding_.pixel(symbols[i], to + i * encoding_.channels());
    ++t_;
  }

 private:
  struct StepLayers {
    StepCrossing left, right;
    StepLayer out, out_right;
    Tensor row;  // [width, images, stream]: the layer's input
  };

  // A row is complete: the crossings from the right go over it.
  void cross_back(int64_t r) {
    for (StepLayers& layer : layers_) {
      for (int64_t c = width_ - 1; c >= 0; --c) {
        const float* x = layer.row.data<float>() + c * count_ * stream_;
        layer.out_right.put(r, c, layer.right.pixel(r, c, c == width_ - 1, x), false);
      }
    }
  }

  const PackedNetwork& network_;
  PixelEncoding encoding_;
  int64_t count_, width_, stream_, t_ = 0;
  std::vector<int32_t> labels_;
  StepLayer stem_;
  std::vector<StepLayers> layers_;
  StepHead head_;
  Tensor x_;
};

class DiagonalBilstm : public AutoregressiveModel {
 public:
  using Options = DiagonalBilstmOptions;
  static Facts facts(const Options&) { return {.examples_per_lane = 8, .blocks = true}; }

  DiagonalBilstm(const Options& options, const DataSpec& data, const Scope& scope)
      : AutoregressiveModel((require_images(data, "diagonal_bilstm"), data), options.condition, scope),
        dropout_(static_cast<float>(options.dropout)),
        encoding_(options.input, data),
        order_(make_order(OrderKind::kRaster, data, scope)) {
    const int64_t k = options.hidden;
    stem_ = Conv(scope / "stem", {7, 7}, mask_a(7), encoding_.channels(), 2 * k);
    for (int64_t l = 0; l < options.layers; ++l) {
      const Scope at = scope / fmt::format("layer_{}", l + 1);
      Layer layer = {{crossing(at / "left", ops::Crossing::kLeftToRight, k),
                      crossing(at / "right", ops::Crossing::kRightToLeft, k)},
                     {}};
      if (conditional()) layer.class_bias = ClassBias(at, classes(), 2 * k);
      layers_.push_back(std::move(layer));
    }
    head_ = std::make_unique<PixelHead>(options.head, data, scope, 2 * k);
  }

  const std::vector<int64_t>& order(int64_t) const override { return order_; }
  int64_t examples_at_once() const override { return 8; }

  Variable logits(Pass& pass, const OrderedBatch& batch, int64_t) const override {
    Variable x = encoding_.convolved(pass, stem_, batch.symbols);
    const Tensor labels = conditional() ? labels_of(batch) : Tensor();
    for (const Layer& layer : layers_) {
      x = pass.block(x, [this, &layer, labels](Pass& inside, const Variable& before) {
        Variable to = before;
        for (const Crossing& crossing : layer.crossings) {
          Variable h = crossing(inside, before);
          if (dropout_ > 0) h = ops::dropout(h, dropout_, inside.next_noise(), inside.training());
          to = crossing.out(inside, h, {.relu = false, .add = to});
        }
        return layer.class_bias.defined() ? layer.class_bias(inside, to, labels) : to;
      });
    }
    return (*head_)(pass, x);
  }

  bool views_share_bits() const override { return true; }  // kernels/conv/conv.hpp
  std::unique_ptr<StepView> step_view(const ParameterArena&, int64_t) const override {
    const int64_t rows = data().shape[0], columns = data().shape[1];
    PackedNetwork network = {stem_.packed(rows, columns), {}, head_->packed(rows, columns), encoding_};
    for (const Layer& layer : layers_) {
      network.layers.push_back(
          {packed(layer.crossings[0], columns), packed(layer.crossings[1], columns), layer.class_bias});
    }
    return std::make_unique<PackedStepView<PackedNetwork, BilstmStepper>>(std::move(network));
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
        fmt::format("for i = 1 .. {}, from z as it was before this layer, for left and for right:", layers_.size()));
    layout.line(
        "  (i, f, o, g)[r, c] = z[r, c] @ gates/weight[0, 0] + gates/bias + h[r, c'] @ side + h[r - 1, c] @ up, c' = c "
        "- 1 for left and c + 1 for right");
    layout.line("  cell[r, c] = sigma(f) * cell[r, c'] + sigma(i) * tanh(g);  h[r, c] = sigma(o) * tanh(cell[r, c])");
    layout.line(fmt::format("  z[r, c] += out/bias + (h[r, c] for left, h[r - 1, c] for right) @ out/weight[0, 0]{}",
                            conditional() ? ", and once class_bias[y]" : ""));
    layout.line("h = z; then, with conv(x, NAME) = x @ NAME/weight[0, 0] + NAME/bias:");
    layout.tensor("stem/weight", "[p, q, in, out], 7 x 7").tensor("stem/bias", "of each channel");
    for (const char* side : {"left", "right"}) {
      const std::string at = fmt::format("layer_*/{}/", side);
      layout.tensor(at + "gates/weight", "columns: gates i, f, o, g").tensor(at + "gates/bias", "gates i, f, o, g");
      layout.tensor(at + "side", "columns: gates i, f, o, g").tensor(at + "up", "columns: gates i, f, o, g");
      layout.tensor(at + "out/weight", "into the stream").tensor(at + "out/bias", "of each channel");
    }
    layout.tensor("layer_*/class_bias", "a row for each class");
    return layout.part("", head_->layout());
  }

 private:
  static Crossing crossing(const Scope& scope, ops::Crossing way, int64_t k) {
    const bool leftwards = way == ops::Crossing::kRightToLeft;
    return {way, Conv(scope / "gates", {1, 1}, pointwise_outline(), 2 * k, 4 * k),
            Conv(scope / "out", {1, 1}, leftwards ? kernels::Outline{{-1, 0, 0}} : pointwise_outline(), k, 2 * k),
            scope.parameter("side", {k, 4 * k}, "in,gate", ParameterKind::kWeight, initialise::lecun_uniform(k)),
            scope.parameter("up", {k, 4 * k}, "in,gate", ParameterKind::kWeight, initialise::lecun_uniform(k))};
  }

  PackedCrossing packed(const Crossing& c, int64_t columns) const {
    const int64_t rows = data().shape[0], k = c.side.value().dim(0);
    return {c.gates.packed(rows, columns),
            {{rows, columns, k, 4 * k, pointwise_outline()}, c.up.value().data<float>(), nullptr},
            c.out.packed(rows, columns),
            c.side.value()};
  }

  float dropout_;
  PixelEncoding encoding_;
  std::vector<int64_t> order_;
  Conv stem_;
  std::vector<Layer> layers_;
  std::unique_ptr<PixelHead> head_;
};

[[maybe_unused]] const bool registered = register_model<DiagonalBilstm>(
    "diagonal_bilstm", "PixelRNN: LSTMs that cross the image from both sides (van den Oord et al. 2016)");

}  // namespace
}  // namespace mlrun
