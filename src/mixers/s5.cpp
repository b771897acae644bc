// S5 (Smith, Warrington & Linderman 2023, "Simplified State Space Layers for Sequence Modeling"): one state-space
// system with many inputs and outputs, diagonal with conjugate pairs, of which half is kept:
//   x_t = lambda x_{t-1} + scale B u_t,   y_t = 2 Re(C x_t) + d u_t,
// discretised with a learned time step for each state. The poles begin as those of the normal part of HiPPO-LegS, in
// `blocks` blocks (their appendix B). Real parts are -exp(.), so that no state grows.
#include <cmath>
#include <complex>

#include "base/error.hpp"
#include "hippo/initial_poles.hpp"
#include "mixers/diagonal_stepper.hpp"
#include "mixers/time_steps.hpp"
#include "nn/initialisers.hpp"
#include "ops/elementwise.hpp"
#include "ops/linear.hpp"
#include "ops/shape.hpp"
#include "ops/ssm/diagonal_scan.hpp"

namespace mlrun {
namespace {

struct S5Options {
  explicit S5Options(config::Reader& reader)
      : states(
            reader.integer("states", {.help = "conjugate pairs of states; 0: half as many as the stream has channels",
                                      .min = 0,
                                      .max = 65536,
                                      .fallback = 0})),
        blocks(reader.integer(
            "blocks",
            {.help = "blocks of the initial state matrix; must divide states", .min = 1, .max = 4096, .fallback = 1})),
        steps(reader),
        rule(read_discretisation(reader)),
        output(read_output_kind(reader, "half_glu")),
        lr(reader.real(
            "lr",
            {.help = "learning rate of poles and time steps; 0: the optimizer's", .min = 0.0, .fallback = 1e-3})) {}
  int64_t states, blocks;
  TimeSteps steps;
  ops::Discretisation rule;
  OutputKind output;
  double lr;
};

class S5 : public Mixer {
 public:
  using Options = S5Options;
  static Facts facts(const Options&) { return {.sequences_per_lane = 2}; }

  S5(const Options& options, const MixerShape& shape, const Scope& scope)
      : states_(options.states > 0 ? options.states : (shape.width + 1) / 2),
        length_(shape.length),
        rule_(options.rule) {
    require_equal_width(shape, "s5");
    const int64_t p = states_, width = shape.width;
    if (p % options.blocks != 0) {
      fail(ExitCode::kUsage, "mixer s5: {} states cannot be divided into {} blocks\n  with   model.mixer.blocks=1", p,
           options.blocks);
    }
    const auto poles = hippo::s4d_poles(hippo::PoleInit::kLegS, p / options.blocks);
    const auto each = [p, poles](auto f) -> Initialiser {
      return [p, poles, f](Tensor& value, const RandomStream&) {
        for (size_t k = 0; k < static_cast<size_t>(p); ++k)
          value.data<float>()[k] = static_cast<float>(f(poles[k % poles.size()]));
      };
    };
    real_log_ = scope.state_space("real_log", {p}, "state",
                                  each([](std::complex<double> a) { return std::log(-a.real()); }), options.lr);
    imaginary_ =
        scope.state_space("imaginary", {p}, "state", each([](std::complex<double> a) { return a.imag(); }), options.lr);
    step_log_ = scope.state_space("step_log", {p}, "state", options.steps.logarithms(), options.lr);
    // In the eigenvectors' basis, real Gaussian weights of variance 1 / width are complex Gaussian ones, whose two
    // parts have half of it each; C likewise is drawn in that basis.
    in_ = scope.parameter("in", {2, p, width}, "complex,state,in", ParameterKind::kWeight,
                          initialise::normal(1.0 / std::sqrt(2.0 * static_cast<double>(width))));
    out_ = scope.parameter("out", {width, 2 * p}, "out,state", ParameterKind::kWeight,
                           initialise::normal(1.0 / std::sqrt(2.0 * static_cast<double>(p))));
    skip_ = scope.parameter("skip", {width}, "channel", ParameterKind::kBias, initialise::normal(1.0));
    output_ = StateOutput(options.output, width, scope / "output");
  }

  Variable operator()(Pass& pass, const Variable& u) const override {
    const Discrete d = discrete(pass(real_log_), pass(imaginary_), pass(step_log_), pass(in_), pass(out_));
    const Variable x = ops::diagonal_scan(ops::linear(u, d.in), d.lambda);
    return output_(pass, read_states(x, d.out, pass(skip_), u));
  }

  std::unique_ptr<MixerSteps> steps() const override {
    const Discrete d = discrete(real_log_.value(), imaginary_.value(), step_log_.value(), in_.value(), out_.value());
    return std::make_unique<PackedMixerSteps<PackedDiagonal, DiagonalStepper>>(
        PackedDiagonal{d.lambda.value(), {d.in.value(), {}}, {d.out.value(), {}}, skip_.value(), output_.packed()});
  }

  int64_t sequences_at_once() const override { return sequences_in_cache(length_, states_); }

  Layout layout() const override {
    Layout layout;
    layout.line("a = -exp(real_log) + i imaginary;  dt = exp(step_log), of each state");
    layout.line(rule_ == ops::Discretisation::kBilinear
                    ? "lambda = (1 + dt a / 2) / (1 - dt a / 2);  scale = dt / (1 - dt a / 2)"
                    : "lambda = exp(dt a);  scale = (lambda - 1) / a");
    layout.line("s[t] = lambda * s[t - 1] + scale * ((in[0] + i in[1]) @ u[t]), s[-1] = 0");
    layout.line("y[t] = 2 out @ (Re s[t], Im s[t]) + skip * u[t]");
    layout.tensor("real_log", "log(-Re a)").tensor("imaginary", "Im a").tensor("step_log", "log of the time step");
    layout.tensor("in", "real parts, imaginary parts").tensor("skip", "of the input itself");
    layout.tensor("out", "columns: of the real parts of the states, then of the imaginary parts (-Im C)");
    return layout.part("", output_.layout());
  }

 private:
  struct Discrete {
    Variable lambda, in, out;  // [2, p], [2 p, width], [width, 2 p]
  };
  Discrete discrete(const Variable& real_log, const Variable& imaginary, const Variable& step_log, const Variable& b,
                    const Variable& c) const {
    const Variable system = ops::discretise(real_log, imaginary, step_log, rule_);
    return {ops::slice(system, 0, 0, 2), ops::scale_complex_rows(b, ops::slice(system, 0, 2, 4)), ops::scale(c, 2.0f)};
  }

  int64_t states_, length_;
  ops::Discretisation rule_;
  // C is stored as the product sees it: parts for the real states, then (of opposite sign) for the imaginary ones.
  Parameter real_log_, imaginary_, step_log_, in_, out_, skip_;
  StateOutput output_;
};

[[maybe_unused]] const bool registered =
    register_mixer<S5>("s5", "Simplified state-space layer, diagonal, many inputs and outputs (Smith et al. 2023)");

}  // namespace
}  // namespace mlrun
