// S4D (Gu, Gupta, Goel & Re 2022, "On the Parameterization and Initialization of Diagonal State Space Models"): a
// diagonal state space for every channel, then GELU, a linear layer and a gated linear unit, which mix the channels.
#include <algorithm>
#include <cmath>
#include <string>

#include "hippo/initial_poles.hpp"
#include "kernels/ssm/diagonal_ssm_step.hpp"
#include "mixers/mixer.hpp"
#include "mixers/state_output.hpp"
#include "mixers/time_steps.hpp"
#include "nn/initialisers.hpp"
#include "ops/ssm/diagonal_ssm.hpp"

namespace mlrun {
namespace {

struct PackedS4d {
  kernels::DiagonalSsmSteps system;
  StateOutput::Packed output;
  int64_t width;
};

class S4dStepper : public MixerStepper {
 public:
  S4dStepper(const PackedS4d& packed, int64_t count)
      : packed_(packed), count_(count), states_(packed.system.begin(count)) {}

  void extend(const float* x, int64_t length, float* y) override {
    const int64_t width = packed_.width;
    for (int64_t t = 0; t < length; ++t) {
      packed_.system(states_, x + t * count_ * width, count_, y + t * count_ * width);
      passed();
    }
    packed_.output(y, length * count_, width);
  }

 protected:
  std::vector<Tensor> state() override { return {states_}; }

 private:
  const PackedS4d& packed_;
  int64_t count_;
  Tensor states_;
};

class S4d : public Mixer {
 public:
  struct Options {
    explicit Options(config::Reader& reader)
        : states(reader.integer(
              "states",
              {.help = "real states of a channel: pairs of conjugate poles", .min = 2, .max = 4096, .fallback = 64})),
          init(reader.one_of<hippo::PoleInit>("init",
                                              {{"lin", hippo::PoleInit::kLin},
                                               {"legs", hippo::PoleInit::kLegS},
                                               {"inv", hippo::PoleInit::kInv},
                                               {"real", hippo::PoleInit::kReal}},
                                              {.help = "where the poles begin", .fallback = "lin"})),
          discretisation(read_discretisation(reader)),
          steps(reader),
          lr(reader.real(
              "lr",
              {.help = "learning rate of poles and time steps; 0: the optimizer's", .min = 0, .fallback = 1e-3})) {
      if (states % 2 != 0) {
        reader.mistake("states", "states are pairs of conjugate poles", "states: " + std::to_string(states + 1));
      }
    }
    int64_t states;
    hippo::PoleInit init;
    ops::Discretisation discretisation;
    TimeSteps steps;
    double lr;
  };
  static Facts facts(const Options&) { return {.sequences_per_lane = 2}; }

  S4d(const Options& options, const MixerShape& shape, const Scope& scope)
      : width_(shape.width), length_(shape.length), discretisation_(options.discretisation) {
    require_equal_width(shape, "s4d");
    const int64_t poles = options.states / 2;
    std::vector<double> log_decay, frequency;
    for (const std::complex<double>& a : hippo::s4d_poles(options.init, poles)) {
      log_decay.push_back(std::log(-a.real()));
      frequency.push_back(a.imag());
    }
    log_dt_ = scope.state_space("log_dt", {width_}, "channel", options.steps.logarithms(), options.lr);
    log_decay_ =
        scope.state_space("log_decay", {width_, poles}, "channel,pole", initialise::rows(log_decay), options.lr);
    frequency_ =
        scope.state_space("frequency", {width_, poles}, "channel,pole", initialise::rows(frequency), options.lr);
    c_ = scope.state_space("c", {2, width_, poles}, "part,channel,pole", initialise::normal(std::sqrt(0.5)), 0);
    d_ = scope.state_space("d", {width_}, "channel", initialise::normal(1), 0);
    output_ = StateOutput(OutputKind::kGlu, width_, scope / "output");
  }

  Variable operator()(Pass& pass, const Variable& x) const override {
    const ops::DiagonalSystem system = {pass(log_dt_), pass(log_decay_), pass(frequency_), pass(c_), pass(d_)};
    return output_(pass, ops::diagonal_ssm(x, system, discretisation_));
  }

  std::unique_ptr<MixerSteps> steps() const override {
    const ops::DiagonalSystem system = {log_dt_.value(), log_decay_.value(), frequency_.value(), c_.value(),
                                        d_.value()};
    PackedS4d weights = {kernels::DiagonalSsmSteps(ops::kernel_form(system, discretisation_)), output_.packed(),
                         width_};
    return std::make_unique<PackedMixerSteps<PackedS4d, S4dStepper>>(std::move(weights));
  }

  // Some 3,000 positions: enough to pay for the tables of a pass, and few enough to stay in the caches.
  int64_t sequences_at_once() const override { return std::max<int64_t>(1, 3200 / std::max<int64_t>(1, length_)); }

  Layout layout() const override {
    Layout layout;
    layout.line(
        "A = -exp(log_decay) + i frequency;  dt = exp(log_dt), of each channel; P poles, conjugates are meant along");
    layout.line(discretisation_ == ops::Discretisation::kBilinear
                    ? "Abar = (1 + dt A / 2) / (1 - dt A / 2);  Bbar = dt / (1 - dt A / 2)"
                    : "Abar = exp(dt A);  Bbar = (Abar - 1) / A");
    layout.line(
        "s[t] = Abar * s[t - 1] + Bbar * u[t], s[-1] = 0;  y[t] = 2 Re(sum over poles of (c[0] + i c[1]) * s[t]) + d * "
        "u[t]");
    layout.tensor("log_dt", "log of the time step").tensor("log_decay", "log(-Re A)").tensor("frequency", "Im A");
    layout.tensor("c", "real parts, imaginary parts").tensor("d", "of the input itself");
    return layout.part("", output_.layout());
  }

 private:
  int64_t width_, length_;
  ops::Discretisation discretisation_;
  Parameter log_dt_, log_decay_, frequency_, c_, d_;
  StateOutput output_;
};

[[maybe_unused]] const bool registered = register_mixer<S4d>("s4d", "Diagonal state space (Gu, Gupta, Goel & Re 2022)");

}  // namespace
}  // namespace mlrun
