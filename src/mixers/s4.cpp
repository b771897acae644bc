// S4 (Gu, Goel & Re 2022, "Efficiently Modeling Long Sequences with Structured State Spaces"): HiPPO-LegS in every
// channel as a diagonal plus low-rank system, in chunks; then GELU, a linear layer and a gated linear unit, which mix the
// channels.
#include <cmath>

#include "base/error.hpp"
#include "hippo/legs_normal.hpp"
#include "mixers/mixer.hpp"
#include "mixers/s4_steps.hpp"
#include "mixers/state_output.hpp"
#include "mixers/time_steps.hpp"
#include "nn/initialisers.hpp"
#include "ops/ssm/dplr.hpp"

namespace mlrun {
namespace {

// Every channel the same: [2, channels, poles], real parts and imaginary parts.
Initialiser in_all_channels(std::vector<std::complex<double>> row) {
  return [row](Tensor& value, const RandomStream&) {
    const auto poles = static_cast<int64_t>(row.size());
    for (int64_t i = 0; i < value.count(); ++i) {
      const std::complex<double>& v = row[static_cast<size_t>(i % poles)];
      value.data<float>()[i] = static_cast<float>(2 * i < value.count() ? v.real() : v.imag());
    }
  };
}

struct PackedS4 {
  S4Steps system;
  StateOutput::Packed output;
};

class S4Stepper : public MixerStepper {
 public:
  S4Stepper(const PackedS4& packed, int64_t count)
      : packed_(packed), count_(count), states_(packed.system.begin(count)) {}

  void extend(const float* x, int64_t length, float* y) override {
    const int64_t width = packed_.system.channels();
    for (int64_t t = 0; t < length; ++t) {
      packed_.system(states_, x + t * count_ * width, count_, y + t * count_ * width);
      passed();
    }
    packed_.output(y, length * count_, width);
  }

 protected:
  std::vector<Tensor> state() override { return {states_}; }

 private:
  const PackedS4& packed_;
  int64_t count_;
  Tensor states_;
};

class S4 : public Mixer {
 public:
  struct Options {
    explicit Options(config::Reader& reader)
        : states(reader.integer(
              "states",
              {.help = "real states of a channel: pairs of conjugate poles", .min = 2, .max = 4096, .fallback = 64})),
          steps(reader),
          lr(reader.real("lr", {.help = "learning rate of the poles, p, b and the time steps; 0: the optimizer's",
                                .min = 0,
                                .fallback = 1e-3})) {
      if (states % 2 != 0)
        reader.mistake("states", "states are pairs of conjugate poles", "states: " + std::to_string(states + 1));
    }
    int64_t states;
    TimeSteps steps;
    double lr;
  };
  static Facts facts(const Options&) { return {.sequences_per_lane = 8}; }

  S4(const Options& options, const MixerShape& shape, const Scope& scope) {
    require_equal_width(shape, "s4");
    const int64_t channels = shape.width, poles = options.states / 2;
    const hippo::LegsNormal legs = hippo::legs_normal(options.states);
    const std::vector<double> log_decay(legs.frequencies.size(), std::log(0.5));
    log_dt_ = scope.state_space("log_dt", {channels}, "channel", options.steps.logarithms(), options.lr);
    log_decay_ =
        scope.state_space("log_decay", {channels, poles}, "channel,pole", initialise::rows(log_decay), options.lr);
    frequency_ = scope.state_space("frequency", {channels, poles}, "channel,pole", initialise::rows(legs.frequencies),
                                   options.lr);
    p_ = scope.state_space("p", {2, channels, poles}, "part,channel,pole", in_all_channels(legs.p), options.lr);
    b_ = scope.state_space("b", {2, channels, poles}, "part,channel,pole", in_all_channels(legs.b), options.lr);
    c_ = scope.state_space("c", {2, channels, poles}, "part,channel,pole", initialise::normal(std::sqrt(0.5)), 0);
    d_ = scope.state_space("d", {channels}, "channel", initialise::normal(1), 0);
    output_ = StateOutput(OutputKind::kGlu, channels, scope / "output");
  }

  Variable operator()(Pass& pass, const Variable& x) const override {
    const ops::DplrSystem system = {pass(log_dt_), pass(log_decay_), pass(frequency_), pass(p_),
                                    pass(b_),      pass(c_),         pass(d_)};
    return output_(pass, ops::dplr_ssm(x, system));
  }

  std::unique_ptr<MixerSteps> steps() const override {
    const ops::DplrSystem system = {log_dt_.value(), log_decay_.value(), frequency_.value(), p_.value(),
                                    b_.value(),      c_.value(),         d_.value()};
    return std::make_unique<PackedMixerSteps<PackedS4, S4Stepper>>(PackedS4{S4Steps(system), output_.packed()});
  }

  Layout layout() const override {
    Layout layout;
    layout.line(
        "Lambda = -exp(log_decay) + i frequency;  A = Lambda - p p^* (p^*: conjugate transpose);  dt = exp(log_dt); "
        "each "
        "channel has P poles, conjugates are meant along");
    layout.line(
        "Abar = (1 - dt A / 2)^-1 (1 + dt A / 2);  Bbar = (1 - dt A / 2)^-1 dt b, for the system of 2 P states with "
        "the conjugates");
    layout.line(
        "s[t] = Abar s[t - 1] + Bbar u[t], s[-1] = 0;  y[t] = c s[t] + d * u[t], over all 2 P states, which is real");
    layout.tensor("log_dt", "log of the time step")
        .tensor("log_decay", "log(-Re Lambda)")
        .tensor("frequency", "Im Lambda");
    for (const char* name : {"p", "b", "c"}) layout.tensor(name, "real parts, imaginary parts");
    layout.tensor("d", "of the input itself");
    return layout.part("", output_.layout());
  }

 private:
  Parameter log_dt_, log_decay_, frequency_, p_, b_, c_, d_;
  StateOutput output_;
};

[[maybe_unused]] const bool registered =
    register_mixer<S4>("s4", "HiPPO-LegS as a diagonal plus low-rank state space (Gu, Goel & Re 2022)");

}  // namespace
}  // namespace mlrun
