// Linear recurrent unit (Orvieto et al. 2023, "Resurrecting Recurrent Neural Networks for Long Sequences"):
//   x_t = lambda x_{t-1} + exp(gamma_log) B u_t,   y_t = Re(C x_t) + d u_t,   lambda = exp(-exp(nu_log) + i
//   exp(theta_log)),
// with lambda uniform on a ring at first and gamma = sqrt(1 - |lambda|^2), which keeps the states' variance (their
// section 3.4).
#include <cmath>

#include "mixers/diagonal_stepper.hpp"
#include "nn/initialisers.hpp"
#include "ops/elementwise.hpp"
#include "ops/linear.hpp"
#include "ops/shape.hpp"
#include "ops/ssm/diagonal_scan.hpp"

namespace mlrun {
namespace {

struct LruOptions {
  explicit LruOptions(config::Reader& reader)
      : states(reader.integer(
            "states",
            {.help = "complex states; 0: as many as the stream has channels", .min = 0, .max = 65536, .fallback = 0})),
        r_min(reader.real("r_min", {.help = "least |lambda| at first", .min = 0.0, .max = 0.999999, .fallback = 0.0})),
        r_max(reader.real("r_max", {.help = "greatest |lambda| at first; at least r_min",
                                    .min = 0.0,
                                    .max = 0.999999,
                                    .exclusive_min = true,
                                    .fallback = 0.99})),
        max_phase(reader.real("max_phase", {.help = "greatest angle of lambda at first",
                                            .min = 0.0,
                                            .exclusive_min = true,
                                            .fallback = 6.283185307179586,
                                            .unit = "rad"})),
        output(read_output_kind(reader, "glu")),
        lr(reader.real(
            "lr", {.help = "learning rate of nu, theta and gamma; 0: the optimizer's", .min = 0.0, .fallback = 0.0})) {
    if (r_min > r_max) reader.mistake("r_min", "r_min is above r_max", "r_min <= r_max");
  }
  int64_t states;
  double r_min, r_max, max_phase;
  OutputKind output;
  double lr;
};

class Lru : public Mixer {
 public:
  using Options = LruOptions;
  static Facts facts(const Options&) { return {.sequences_per_lane = 2}; }

  Lru(const Options& options, const MixerShape& shape, const Scope& scope)
      : states_(options.states > 0 ? options.states : shape.width), length_(shape.length) {
    require_equal_width(shape, "lru");
    const int64_t p = states_, width = shape.width;
    // The ring is drawn when the model is built, since gamma follows from nu. 1 - u is never 0, so its logarithm is
    // finite.
    const auto squared_radius = [least = options.r_min * options.r_min, most = options.r_max * options.r_max,
                                 ring = scope.random("ring")](uint64_t k) {
      return most - ring.uniform(k) * (most - least);
    };
    const auto each = [p](auto f) -> Initialiser {
      return [p, f](Tensor& value, const RandomStream&) {
        for (int64_t k = 0; k < p; ++k) value.data<float>()[k] = static_cast<float>(f(static_cast<uint64_t>(k)));
      };
    };
    nu_log_ = scope.state_space(
        "nu_log", {p}, "state",
        each([squared_radius](uint64_t k) { return std::log(-0.5 * std::log(squared_radius(k))); }), options.lr);
    theta_log_ = scope.state_space("theta_log", {p}, "state",
                                   each([phase = options.max_phase, angles = scope.random("angle")](uint64_t k) {
                                     return std::log(phase * (1.0 - angles.uniform(k)));
                                   }),
                                   options.lr);
    gamma_log_ = scope.state_space(
        "gamma_log", {p}, "state",
        each([squared_radius](uint64_t k) { return 0.5 * std::log(1.0 - squared_radius(k)); }), options.lr);
    in_ = scope.parameter("in", {2, p, width}, "complex,state,in", ParameterKind::kWeight,
                          initialise::normal(1.0 / std::sqrt(2.0 * static_cast<double>(width))));
    out_ = scope.parameter("out", {width, 2 * p}, "out,state", ParameterKind::kWeight,
                           initialise::normal(1.0 / std::sqrt(static_cast<double>(p))));
    skip_ = scope.parameter("skip", {width}, "channel", ParameterKind::kBias, initialise::normal(1.0));
    output_ = StateOutput(options.output, width, scope / "output");
  }

  Variable operator()(Pass& pass, const Variable& u) const override {
    const Variable v = ops::linear(u, scaled_input(pass(in_), pass(gamma_log_)));
    const Variable x = ops::diagonal_scan(v, ops::exponential_poles(pass(nu_log_), pass(theta_log_)));
    return output_(pass, read_states(x, pass(out_), pass(skip_), u));
  }

  std::unique_ptr<MixerSteps> steps() const override {
    return std::make_unique<PackedMixerSteps<PackedDiagonal, DiagonalStepper>>(
        PackedDiagonal{ops::exponential_poles(nu_log_.value(), theta_log_.value()).value(),
                       {scaled_input(in_.value(), gamma_log_.value()).value(), {}},
                       {out_.value(), {}},
                       skip_.value(),
                       output_.packed()});
  }

  int64_t sequences_at_once() const override { return sequences_in_cache(length_, states_); }

  Layout layout() const override {
    Layout layout;
    layout.line("lambda = exp(-exp(nu_log) + i exp(theta_log))");
    layout.line("s[t] = lambda * s[t - 1] + exp(gamma_log) * ((in[0] + i in[1]) @ u[t]), s[-1] = 0");
    layout.line("y[t] = out @ (Re s[t], Im s[t]) + skip * u[t]");
    layout.tensor("nu_log", "log(-log |lambda|)")
        .tensor("theta_log", "log of the angle")
        .tensor("gamma_log", "log of the scale");
    layout.tensor("in", "real parts, imaginary parts").tensor("skip", "of the input itself");
    layout.tensor("out", "columns: of the real parts of the states, then of the imaginary parts (-Im C)");
    return layout.part("", output_.layout());
  }

 private:
  // exp(gamma_log) B as [2 p, width].
  Variable scaled_input(const Variable& b, const Variable& gamma_log) const {
    const Variable gamma = ops::reshape(ops::exp(gamma_log), {1, states_, 1});
    return ops::reshape(ops::mul(b, gamma), {2 * states_, b.dim(2)});
  }

  int64_t states_, length_;
  // C is stored as the product sees it: parts for the real states, then (of opposite sign) for the imaginary ones.
  Parameter nu_log_, theta_log_, gamma_log_, in_, out_, skip_;
  StateOutput output_;
};

[[maybe_unused]] const bool registered = register_mixer<Lru>("lru", "Linear recurrent unit (Orvieto et al. 2023)");

}  // namespace
}  // namespace mlrun
