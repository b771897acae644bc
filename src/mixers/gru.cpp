// Gated recurrent units (Cho et al. 2014).
#include "kernels/recurrent/gru.hpp"

#include <memory>
#include <utility>

#include "mixers/gated_cell.hpp"
#include "nn/initialisers.hpp"
#include "ops/recurrent/gru.hpp"

namespace mlrun {
namespace {

constexpr int64_t kGates = 3;

struct PackedGru {
  PackedCell cell;
  Tensor b_q;
};

class GruStepper : public CellStepper {
 public:
  GruStepper(const PackedGru& packed, int64_t count)
      : CellStepper(packed.cell, kGates, count), b_q_(packed.b_q), product_({count, row_}) {}

 private:
  void step_over(float* pre) override {
    float* h = h_.data<float>();
    packed_.recurrent(h, count_, product_.data<float>());
    kernels::GruStep step;
    step.count = count_;
    step.width = units_;
    step.pre = {pre, row_};
    step.recurrent = {product_.data<float>(), row_};
    step.h_before = {h, units_};
    step.b_q = b_q_.data<float>();
    step.h = {h, units_};
    kernels::gru_step(step);
  }

  Tensor b_q_, product_;
};

class Gru : public GatedCell {
 public:
  struct Options {
    explicit Options(config::Reader& reader) : hidden(read_hidden_units(reader)) {}
    int64_t hidden;
  };
  static Facts facts(const Options&) { return {.sequences_per_lane = 2}; }

  Gru(const Options& options, const MixerShape& shape, const Scope& scope)
      : GatedCell(options.hidden, kGates, /*biases=*/4, initialise::zeros(), shape, scope) {}

  std::unique_ptr<MixerSteps> steps() const override {
    PackedGru packed = {{{input(), bias().window(0, {kGates * units()})}, {recurrent(), {}}, packed_output()},
                        bias().window(kGates * units(), {units()})};
    return std::make_unique<PackedMixerSteps<PackedGru, GruStepper>>(std::move(packed));
  }

  Layout layout() const override {
    Layout layout;
    layout.line(
        "r = sigma(u[t] @ W_r' + b_r + h[t - 1] @ U_r');  z = sigma(u[t] @ W_z' + b_z + h[t - 1] @ U_z');  h[-1] = 0");
    layout.line("n = tanh(u[t] @ W_n' + b_n + r * (h[t - 1] @ U_n' + b_q));  h[t] = (1 - z) * n + z * h[t - 1]");
    layout.tensor("input/weight", "rows: W_n, W_r, W_z")
        .tensor("recurrent/weight", "rows: U_r, U_z, U_n (another order)");
    layout.tensor("bias", "b_n, b_r, b_z, b_q");
    return with_output(std::move(layout));
  }

 protected:
  Variable states(const Variable& x, const Variable& input, const Variable& bias,
                  const Variable& recurrent) const override {
    return ops::gru(x, input, bias, recurrent);
  }
};

[[maybe_unused]] const bool registered = register_mixer<Gru>("gru", "Gated recurrent unit (Cho et al. 2014)");

}  // namespace
}  // namespace mlrun
