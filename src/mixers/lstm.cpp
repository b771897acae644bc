// LSTM (Hochreiter & Schmidhuber 1997; with forget gate, Gers et al. 2000), and a linear map to the stream's width
// where it has another number of units.
#include <algorithm>
#include <optional>

#include "kernels/recurrent/lstm.hpp"
#include "mixers/mixer.hpp"
#include "nn/initialisers.hpp"
#include "nn/linear.hpp"
#include "ops/recurrent/lstm.hpp"

namespace mlrun {
namespace {

struct LstmOptions {
  explicit LstmOptions(config::Reader& reader)
      : hidden(reader.integer(
            "hidden", {.help = "units; 0: as many as the stream has channels", .min = 0, .max = 65536, .fallback = 0})),
        forget_bias(reader.real("forget_bias", {.help = "initial bias of the forget gates", .fallback = 1.0})) {}
  int64_t hidden;
  double forget_bias;
};

struct PackedLstm {
  PackedLinear input, recurrent;
  std::optional<PackedLinear> output;
};

class LstmStepper : public MixerStepper {
 public:
  LstmStepper(const PackedLstm& packed, int64_t count)
      : packed_(packed),
        count_(count),
        units_(packed.recurrent.in()),
        gates_({count, 4 * units_}),
        c_(Tensor::zeros({count, units_})),
        h_(Tensor::zeros({count, units_})),
        hidden_({count, units_}) {}

  void extend(const float* x, int64_t length, float* y) override {
    fit_rows(gates_, length * count_);
    if (packed_.output) fit_rows(hidden_, length * count_);
    packed_.input(x, length * count_, gates_.data<float>());
    float* to = packed_.output ? hidden_.data<float>() : y;
    for (int64_t t = 0; t < length; ++t) {
      step_over(gates_.data<float>() + t * count_ * 4 * units_);
      std::copy_n(h_.data<float>(), count_ * units_, to + t * count_ * units_);
      passed();
    }
    if (packed_.output) (*packed_.output)(to, length * count_, y);
  }

 protected:
  std::vector<Tensor> state() override { return {c_, h_}; }

 private:
  void step_over(float* gates) {
    float *h = h_.data<float>(), *c = c_.data<float>();
    packed_.recurrent(h, count_, gates, gates);
    kernels::LstmStep step;
    step.count = count_;
    step.width = units_;
    step.pre = {gates, 4 * units_};
    step.c_before = {c, units_};
    step.gates = {gates, 4 * units_};
    step.c = {c, units_};
    step.h = {h, units_};
    kernels::lstm_step(step);
  }

  const PackedLstm& packed_;
  int64_t count_, units_;
  Tensor gates_, c_, h_, hidden_;  // hidden_: of all positions, where an output map follows
};

class Lstm : public Mixer {
 public:
  using Options = LstmOptions;
  static Facts facts(const Options&) { return {.sequences_per_lane = 2}; }

  Lstm(const Options& options, const MixerShape& shape, const Scope& scope)
      : units_(options.hidden > 0 ? options.hidden : shape.width), has_output_(units_ != shape.width) {
    const Initialiser uniform = initialise::lecun_uniform(units_);
    input_ = scope.parameter("input/weight", {4 * units_, shape.in}, "gates,in", ParameterKind::kWeight, uniform);
    recurrent_ = scope.parameter("recurrent/weight", {4 * units_, units_}, "gates,in", ParameterKind::kWeight, uniform);
    bias_ = scope.parameter(
        "bias", {4 * units_}, "gates", ParameterKind::kBias,
        [units = units_, forget = static_cast<float>(options.forget_bias)](Tensor& value, const RandomStream&) {
          value.fill(0);
          std::fill_n(value.data<float>() + units, units, forget);
        });
    if (has_output_) output_ = Linear(scope / "output", units_, shape.width);
  }

  Variable operator()(Pass& pass, const Variable& x) const override {
    const Variable h = ops::lstm(x, pass(input_), pass(bias_), pass(recurrent_));
    return has_output_ ? output_(pass, h) : h;
  }

  std::unique_ptr<MixerSteps> steps() const override {
    PackedLstm packed = {{input_.value(), bias_.value()}, {recurrent_.value(), {}}, {}};
    if (has_output_) packed.output = output_.packed();
    return std::make_unique<PackedMixerSteps<PackedLstm, LstmStepper>>(std::move(packed));
  }

  Layout layout() const override {
    Layout layout;
    layout.line(
        "(i, f, o, g) = u[t] @ input/weight' + bias + h[t - 1] @ recurrent/weight', four parts of the rows; h[-1] = "
        "c[-1] = 0");
    layout.line("c[t] = sigma(f) * c[t - 1] + sigma(i) * tanh(g);  h[t] = sigma(o) * tanh(c[t])");
    layout.line(has_output_ ? "y = h @ output/weight' + output/bias" : "y = h");
    layout.tensor("input/weight", "rows: gates i, f, o, g").tensor("recurrent/weight", "rows: gates i, f, o, g");
    layout.tensor("bias", "gates i, f, o, g");
    return layout.tensor("output/weight", "from units to channels").tensor("output/bias", "of each channel");
  }

 private:
  int64_t units_;
  bool has_output_;
  Parameter input_, recurrent_, bias_;
  Linear output_;
};

[[maybe_unused]] const bool registered =
    register_mixer<Lstm>("lstm", "Long short-term memory (Hochreiter & Schmidhuber 1997)");

}  // namespace
}  // namespace mlrun
