// LSTM (Hochreiter & Schmidhuber 1997; with forget gate, Gers et al. 2000).
#include "kernels/recurrent/lstm.hpp"

#include <algorithm>
#include <memory>
#include <utility>

#include "mixers/gated_cell.hpp"
#include "ops/recurrent/lstm.hpp"

namespace mlrun {
namespace {

constexpr int64_t kGates = 4;

// 0, but for the second quarter, that of the forget gates.
Initialiser forget_gates_at(double bias) {
  return [bias](Tensor& value, const RandomStream&) {
    const int64_t units = value.count() / kGates;
    value.fill(0);
    std::fill_n(value.data<float>() + units, units, static_cast<float>(bias));
  };
}

class LstmStepper : public CellStepper {
 public:
  LstmStepper(const PackedCell& packed, int64_t count)
      : CellStepper(packed, kGates, count), c_(Tensor::zeros({count, units_})) {}

 protected:
  std::vector<Tensor> state() override { return {c_, h_}; }

 private:
  void step_over(float* gates) override {
    float *h = h_.data<float>(), *c = c_.data<float>();
    packed_.recurrent(h, count_, gates, gates);
    kernels::LstmStep step;
    step.count = count_;
    step.width = units_;
    step.pre = {gates, row_};
    step.c_before = {c, units_};
    step.gates = {gates, row_};
    step.c = {c, units_};
    step.h = {h, units_};
    kernels::lstm_step(step);
  }

  Tensor c_;  // [count, units]
};

class Lstm : public GatedCell {
 public:
  struct Options {
    explicit Options(config::Reader& reader)
        : hidden(read_hidden_units(reader)),
          forget_bias(reader.real("forget_bias", {.help = "initial bias of the forget gates", .fallback = 1.0})) {}
    int64_t hidden;
    double forget_bias;
  };
  static Facts facts(const Options&) { return {.sequences_per_lane = 2}; }

  Lstm(const Options& options, const MixerShape& shape, const Scope& scope)
      : GatedCell(options.hidden, kGates, /*biases=*/kGates, forget_gates_at(options.forget_bias), shape, scope) {}

  std::unique_ptr<MixerSteps> steps() const override {
    PackedCell packed = {{input(), bias()}, {recurrent(), {}}, packed_output()};
    return std::make_unique<PackedMixerSteps<PackedCell, LstmStepper>>(std::move(packed));
  }

  Layout layout() const override {
    Layout layout;
    layout.line(
        "(i, f, o, g) = u[t] @ input/weight' + bias + h[t - 1] @ recurrent/weight', four parts of the rows; h[-1] = "
        "c[-1] = 0");
    layout.line("c[t] = sigma(f) * c[t - 1] + sigma(i) * tanh(g);  h[t] = sigma(o) * tanh(c[t])");
    layout.tensor("input/weight", "rows: gates i, f, o, g").tensor("recurrent/weight", "rows: gates i, f, o, g");
    layout.tensor("bias", "gates i, f, o, g");
    return with_output(std::move(layout));
  }

 protected:
  Variable states(const Variable& x, const Variable& input, const Variable& bias,
                  const Variable& recurrent) const override {
    return ops::lstm(x, input, bias, recurrent);
  }
};

[[maybe_unused]] const bool registered =
    register_mixer<Lstm>("lstm", "Long short-term memory (Hochreiter & Schmidhuber 1997)");

}  // namespace
}  // namespace mlrun
