// Neural autoregressive distribution estimator (Larochelle & Murray 2011; Uria et al. 2016, eqs. 2-3):
//   h_t = sigmoid(c + W[:, <t] x_{<t}),   logit_t = b_t + V_t . h_t.
//
// One hidden layer shared by all positions: its pre-activation grows by one column of W at a time, and only where the
// pixel is 1, which is what makes both training and sampling O(D H) per image, and sparse.
#include "kernels/nade.hpp"
#include "base/error.hpp"
#include "models/model.hpp"
#include "models/order.hpp"
#include "nn/initialisers.hpp"
#include "ops/nade.hpp"

namespace mlrun {
namespace {

class NadeStepper : public Stepper {
 public:
  NadeStepper(const kernels::NadePackedWeights& weights, int64_t count) : stepper_(weights, count) {}
  void logits(float* out) override { stepper_.logits(out); }
  void observe(const int32_t* symbols) override { stepper_.observe(symbols); }

 private:
  kernels::NadeStepper stepper_;
};

class NadeStepView : public StepView {
 public:
  explicit NadeStepView(const kernels::NadeWeights& weights) : weights_(weights) {}
  std::unique_ptr<Stepper> begin(int64_t count) const override {
    return std::make_unique<NadeStepper>(weights_, count);
  }

 private:
  kernels::NadePackedWeights weights_;
};

class Nade : public AutoregressiveModel {
 public:
  struct Options {
    explicit Options(config::Reader& reader)
        : hidden(reader.integer("hidden", {.help = "hidden units", .min = 1, .max = 1 << 20, .fallback = 500})),
          order(read_order(reader)) {}
    int64_t hidden;
    OrderKind order;
  };

  Nade(const Options& options, const DataSpec& data, const Scope& scope)
      : AutoregressiveModel(data), order_(make_order(options.order, data, scope)) {
    if (data.alphabet != 2) {
      fail(ExitCode::kUsage,
           "model.kind nade models binary data (an alphabet of 2), and this data has an alphabet of {}; "
           "made takes any alphabet",
           data.alphabet);
    }
    const int64_t d = data.positions(), h = options.hidden;
    record_order(scope, "order", order_);
    w_ = scope.parameter("w", {d, h}, "in,hidden", ParameterKind::kWeight, initialise::glorot_uniform(d, h));
    c_ = scope.parameter("c", {h}, "hidden", ParameterKind::kBias, initialise::zeros());
    v_ = scope.parameter("v", {d, h}, "out,hidden", ParameterKind::kWeight, initialise::glorot_uniform(h, d));
    b_ = scope.parameter("b", {d}, "out", ParameterKind::kBias, initialise::zeros());
  }

  const std::vector<int64_t>& order(int64_t) const override { return order_; }

  Variable logits(Pass& pass, const Batch& batch, int64_t component) const override {
    return ops::nade(ordered_symbols(batch, component), pass(w_), pass(c_), pass(v_), pass(b_));
  }

  std::unique_ptr<StepView> step_view(const ParameterArena&, int64_t) const override {
    return std::make_unique<NadeStepView>(kernels::NadeWeights{.pixels = data().positions(),
                                                               .hidden = c_.value().count(),
                                                               .w = w_.value().data<float>(),
                                                               .c = c_.value().data<float>(),
                                                               .v = v_.value().data<float>(),
                                                               .b = b_.value().data<float>()});
  }

 private:
  std::vector<int64_t> order_;
  Parameter w_, c_, v_, b_;
};

[[maybe_unused]] const bool registered =
    register_model<Nade>("nade", "Neural autoregressive distribution estimator (Larochelle & Murray 2011)");

}  // namespace
}  // namespace mlrun
