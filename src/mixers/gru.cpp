// Gated recurrent units (Cho et al. 2014), and a linear map to the stream's width where it has another number of them.
#include <algorithm>
#include <optional>

#include "kernels/recurrent/gru.hpp"
#include "mixers/mixer.hpp"
#include "nn/initialisers.hpp"
#include "nn/linear.hpp"
#include "ops/recurrent/gru.hpp"

namespace mlrun {
namespace {

struct GruOptions {
  explicit GruOptions(config::Reader& reader)
      : hidden(reader.integer(
            "hidden",
            {.help = "units; 0: as many as the stream has channels", .min = 0, .max = 65536, .fallback = 0})) {}
  int64_t hidden;
};

struct PackedGru {
  PackedLinear input, recurrent;
  Tensor b_q;
  std::optional<PackedLinear> output;
};

class GruStepper : public MixerStepper {
 public:
  GruStepper(const PackedGru& packed, int64_t count)
      : packed_(packed),
        count_(count),
        units_(packed.recurrent.in()),
        pre_({count, 3 * units_}),
        product_({count, 3 * units_}),
        h_(Tensor::zeros({count, units_})),
        hidden_({count, units_}) {}

  void extend(const float* x, int64_t length, float* y) override {
    fit_rows(pre_, length * count_);
    if (packed_.output) fit_rows(hidden_, length * count_);
    packed_.input(x, length * count_, pre_.data<float>());
    float* to = packed_.output ? hidden_.data<float>() : y;
    for (int64_t t = 0; t < length; ++t) {
      step_over(pre_.data<float>() + t * count_ * 3 * units_);
      std::copy_n(h_.data<float>(), count_ * units_, to + t * count_ * units_);
      passed();
    }
    if (packed_.output) (*packed_.output)(to, length * count_, y);
  }

 protected:
  std::vector<Tensor> state() override { return {h_}; }

 private:
  void step_over(const float* pre) {
    float* h = h_.data<float>();
    packed_.recurrent(h, count_, product_.data<float>());
    kernels::GruStep step;
    step.count = count_;
    step.width = units_;
    step.pre = {pre, 3 * units_};
    step.recurrent = {product_.data<float>(), 3 * units_};
    step.h_before = {h, units_};
    step.b_q = packed_.b_q.data<float>();
    step.h = {h, units_};
    kernels::gru_step(step);
  }

  const PackedGru& packed_;
  int64_t count_, units_;
  Tensor pre_, product_, h_, hidden_;  // hidden_: of all positions, where an output map follows
};

class Gru : public Mixer {
 public:
  using Options = GruOptions;
  static Facts facts(const Options&) { return {.sequences_per_lane = 2}; }

  Gru(const Options& options, const MixerShape& shape, const Scope& scope)
      : units_(options.hidden > 0 ? options.hidden : shape.width), has_output_(units_ != shape.width) {
    const Initialiser uniform = initialise::lecun_uniform(units_);
    input_ = scope.parameter("input/weight", {3 * units_, shape.in}, "gates,in", ParameterKind::kWeight, uniform);
    recurrent_ = scope.parameter("recurrent/weight", {3 * units_, units_}, "gates,in", ParameterKind::kWeight, uniform);
    bias_ = scope.parameter("bias", {4 * units_}, "gates", ParameterKind::kBias, initialise::zeros());
    if (has_output_) output_ = Linear(scope / "output", units_, shape.width);
  }

  Variable operator()(Pass& pass, const Variable& x) const override {
    const Variable h = ops::gru(x, pass(input_), pass(bias_), pass(recurrent_));
    return has_output_ ? output_(pass, h) : h;
  }

  std::unique_ptr<MixerSteps> steps() const override {
    const Tensor& b = bias_.value();
    PackedGru packed = {
        {input_.value(), b.window(0, {3 * units_})}, {recurrent_.value(), {}}, b.window(3 * units_, {units_}), {}};
    if (has_output_) packed.output = output_.packed();
    return std::make_unique<PackedMixerSteps<PackedGru, GruStepper>>(std::move(packed));
  }

  Layout layout() const override {
    Layout layout;
    layout.line(
        "r = sigma(u[t] @ W_r' + b_r + h[t - 1] @ U_r');  z = sigma(u[t] @ W_z' + b_z + h[t - 1] @ U_z');  h[-1] = 0");
    layout.line("n = tanh(u[t] @ W_n' + b_n + r * (h[t - 1] @ U_n' + b_q));  h[t] = (1 - z) * n + z * h[t - 1]");
    layout.line(has_output_ ? "y = h @ output/weight' + output/bias" : "y = h");
    layout.tensor("input/weight", "rows: W_n, W_r, W_z")
        .tensor("recurrent/weight", "rows: U_r, U_z, U_n (another order)");
    layout.tensor("bias", "b_n, b_r, b_z, b_q");
    return layout.tensor("output/weight", "from units to channels").tensor("output/bias", "of each channel");
  }

 private:
  int64_t units_;
  bool has_output_;
  Parameter input_, recurrent_, bias_;
  Linear output_;
};

[[maybe_unused]] const bool registered = register_mixer<Gru>("gru", "Gated recurrent unit (Cho et al. 2014)");

}  // namespace
}  // namespace mlrun
