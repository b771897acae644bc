// Neural autoregressive distribution estimator (Larochelle & Murray 2011; Uria et al. 2016, eqs. 2-3):
//   h_t = sigmoid(c + W[:, <t] x_{<t}),   logit_t = b_t + V_t . h_t.
//
// One hidden layer shared by all positions: its pre-activation grows by one column of W at a time, and only where the
// pixel is 1, which is what makes both training and sampling O(D H) per image, and sparse.
//
// A label is that many pixels more, in front: the kernel sees [classes + positions] of them, one of the first being 1,
// and the logits of the first are dropped.
#include "kernels/nade/nade.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"
#include "models/autoregressive/packed_step_view.hpp"
#include "models/model.hpp"
#include "models/order.hpp"
#include "nn/initialisers.hpp"
#include "ops/nade.hpp"
#include "ops/shape.hpp"

namespace mlrun {
namespace {

struct PackedNade {
  kernels::NadePackedWeights weights;
  int64_t classes;
};

class NadeStepper : public Stepper {
 public:
  NadeStepper(const PackedNade& network, int64_t count, const int32_t* labels) : stepper_(network.weights, count) {
    require(network.classes == 0 || labels, "a conditional model was asked for a step view without labels");
    std::vector<int32_t> pixel(static_cast<size_t>(count));
    for (int64_t y = 0; y < network.classes; ++y) {
      std::transform(labels, labels + count, pixel.begin(), [y](int32_t label) { return label == y ? 1 : 0; });
      stepper_.observe(pixel.data());
    }
  }
  void logits(float* out) override { stepper_.logits(out); }
  void observe(const int32_t* symbols) override { stepper_.observe(symbols); }
  bool can_rewind() const override { return true; }
  void mark() override { stepper_.mark(); }
  void rewind(int64_t kept) override { stepper_.rewind(kept); }

 private:
  kernels::NadeStepper stepper_;
};

// The rows of the classes meet no logit that counts; they stay 0, as their gradient is 0.
Initialiser without_rows(int64_t rows, Initialiser inside) {
  return [rows, inside](Tensor& value, const RandomStream& noise) {
    inside(value, noise);
    std::fill_n(value.data<float>(), rows * value.dim(1), 0.0f);
  };
}

class Nade : public AutoregressiveModel {
 public:
  struct Options {
    explicit Options(config::Reader& reader)
        : hidden(reader.integer("hidden", {.help = "hidden units", .min = 1, .max = 1 << 20, .fallback = 500})),
          order(read_order(reader)),
          condition(read_condition(reader)) {}
    int64_t hidden;
    OrderKind order;
    Condition condition;
  };
  static Facts facts(const Options&) { return {.examples_per_lane = 50}; }

  Nade(const Options& options, const DataSpec& data, const Scope& scope)
      : AutoregressiveModel(data, options.condition, scope), order_(make_order(options.order, data, scope)) {
    if (data.alphabet != 2) {
      fail(ExitCode::kUsage,
           "model.kind nade models binary data (an alphabet of 2), and this data has an alphabet of {}; "
           "made takes any alphabet",
           data.alphabet);
    }
    const int64_t d = data.positions(), h = options.hidden, pixels = classes() + d;
    record_order(scope, "order", order_);
    w_ = scope.parameter("w", {pixels, h}, "in,hidden", ParameterKind::kWeight, initialise::glorot_uniform(d, h));
    c_ = scope.parameter("c", {h}, "hidden", ParameterKind::kBias, initialise::zeros());
    v_ = scope.parameter("v", {pixels, h}, "out,hidden", ParameterKind::kWeight,
                         without_rows(classes(), initialise::glorot_uniform(h, d)));
    b_ = scope.parameter("b", {pixels}, "out", ParameterKind::kBias, initialise::zeros());
  }

  const std::vector<int64_t>& order(int64_t) const override { return order_; }

  Variable logits(Pass& pass, const OrderedBatch& batch, int64_t) const override {
    const Tensor x = batch.symbols;
    if (!conditional()) return ops::nade(x, pass(w_), pass(c_), pass(v_), pass(b_));
    const Variable all = ops::nade(with_label(x, labels_of(batch)), pass(w_), pass(c_), pass(v_), pass(b_));
    return ops::slice(all, 1, classes(), all.dim(1));
  }

  bool views_share_bits() const override { return true; }  // kernels/nade/nade.hpp
  std::unique_ptr<StepView> step_view(const ParameterArena&, int64_t) const override {
    const kernels::NadeWeights weights{.pixels = b_.value().count(),
                                       .hidden = c_.value().count(),
                                       .w = w_.value().data<float>(),
                                       .c = c_.value().data<float>(),
                                       .v = v_.value().data<float>(),
                                       .b = b_.value().data<float>()};
    return std::make_unique<PackedStepView<PackedNade, NadeStepper>>(
        PackedNade{kernels::NadePackedWeights(weights), classes()}, 0, 2.0 * static_cast<double>(weights.hidden));
  }

 protected:
  Layout network_layout() const override {
    Layout layout;
    if (classes() > 0) {
      layout.line(fmt::format("u = the label, one-hot of {}, then s", classes()));
      layout.line("step t is row r = classes + t of w, v and b");
    } else {
      layout.line("u = s; step t is row r = t of w, v and b");
    }
    layout.line("h_t = sigma(c + sum over q < r of u[q] * w[q]);  l[t] = b[r] + v[r] @ h_t");
    layout.tensor("order", "position of each step");
    const std::string rows =
        classes() > 0 ? fmt::format("rows: {} classes, then the steps", classes()) : "rows: the steps";
    layout.tensor("w", rows).tensor("c", "bias of the hidden units");
    return layout.tensor("v", rows + (classes() > 0 ? "; those of classes give no logit" : "")).tensor("b", rows);
  }

 private:
  // [n, classes + positions]
  Tensor with_label(const Tensor& x, const Tensor& labels) const {
    const int64_t n = x.dim(0), d = x.dim(1), pixels = classes() + d;
    Tensor out = Tensor::zeros({n, pixels}, DType::kS32);
    for (int64_t i = 0; i < n; ++i) {
      int32_t* row = out.data<int32_t>() + i * pixels;
      row[labels.data<int32_t>()[i]] = 1;
      std::copy_n(x.data<int32_t>() + i * d, d, row + classes());
    }
    return out;
  }

  std::vector<int64_t> order_;
  Parameter w_, c_, v_, b_;
};

[[maybe_unused]] const bool registered =
    register_model<Nade>("nade", "Neural autoregressive distribution estimator (Larochelle & Murray 2011)");

}  // namespace
}  // namespace mlrun
