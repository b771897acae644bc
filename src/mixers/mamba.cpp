// Mamba (Gu & Dao 2023): a diagonal state-space model for each channel, whose time step, input and output depend on
// the position (their algorithm 2 and figure 3).
//
//   (u, z) = W x;   u = silu(taps(u));   delta = softplus(W_dt W_low u + bias);   B = W_B u;   C = W_C u
//   y = selective scan of u (kernels/ssm/selective_scan.hpp) with A = -e^{A_log};   result = W_out (y silu(z))
//
// The parts of each projection are weights of their own. A begins as -1 .. -states in every channel (S4D-Real, Gu et
// al. 2022), D as 1.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "kernels/ssm/selective_scan.hpp"
#include "kernels/vector/elementwise.hpp"
#include "mixers/mamba_parts.hpp"
#include "mixers/mixer.hpp"
#include "nn/initialisers.hpp"
#include "nn/linear.hpp"
#include "ops/activation.hpp"
#include "ops/elementwise.hpp"
#include "ops/linear.hpp"
#include "ops/ssm/selective_scan.hpp"

namespace mlrun {
namespace {

struct MambaScanOptions {
  explicit MambaScanOptions(config::Reader& reader)
      : common(reader),
        states(reader.integer("states", {.help = "of each channel", .min = 1, .max = 1024, .fallback = 16})),
        dt_rank(reader.integer_or(
            "dt_rank", "auto",
            {.help = "rank of the time steps' projection; auto: width / 16, rounded up", .min = 1, .max = 65536})) {}
  MambaOptions common;
  int64_t states;
  std::optional<int64_t> dt_rank;
};

Initialiser log_of_count() {
  return [](Tensor& t, const RandomStream&) {
    for (int64_t i = 0; i < t.count(); ++i)
      t.data<float>()[i] = static_cast<float>(std::log(static_cast<double>(i % t.dim(-1) + 1)));
  };
}

struct PackedMamba {
  PackedLinear u, z, low, dt, b, c, out;
  CausalTaps taps;
  Tensor poles, skip;
  int64_t states;
};

class MambaStepper : public MixerStepper {
 public:
  MambaStepper(const PackedMamba& packed, int64_t count)
      : packed_(packed),
        count_(count),
        shape_({count, 1, packed.u.out(), packed.states}),
        taps_(packed.taps, count),
        u_({count, packed.u.out()}),
        taken_(u_.shape()),
        z_(u_.shape()),
        low_({count, packed.low.out()}),
        delta_(u_.shape()),
        b_({count, packed.states}),
        c_(b_.shape()),
        y_(u_.shape()),
        states_(Tensor::zeros({count, shape_.state_count()})) {}

  void extend(const float* x, int64_t length, float* y) override {
    const int64_t rows = length * count_;
    for (Tensor* room : {&u_, &taken_, &z_, &low_, &delta_, &b_, &c_, &y_}) fit_rows(*room, rows);
    float *u = u_.data<float>(), *z = z_.data<float>(), *delta = delta_.data<float>(), *to = y_.data<float>();
    packed_.u(x, rows, u);
    packed_.z(x, rows, z);
    float* taken = taken_.data<float>();
    taps_.extend(u, length, taken);
    packed_.low(taken, rows, low_.data<float>());
    packed_.dt(low_.data<float>(), rows, delta);
    kernels::apply(kernels::Function::kSoftplus, delta, delta, delta_.count());
    packed_.b(taken, rows, b_.data<float>());
    packed_.c(taken, rows, c_.data<float>());
    const float *b = b_.data<float>(), *c = c_.data<float>();
    const int64_t channels = count_ * shape_.channels;
    changed_by(length, {{u, channels}, {delta, channels}, {b, count_ * shape_.states}});
    go_over(taken, delta, b, c, length, to);
    kernels::apply(kernels::Function::kSilu, z, z, z_.count());
    kernels::mul_in_place(y_, z_);
    packed_.out(to, rows, y);
  }

 protected:
  std::vector<Tensor> state() override { return {states_, taps_.state()}; }
  void advance(const std::vector<Rows>& rows, int64_t positions) override {
    Tensor taken({positions, rows[0].width}), nobody(taken.shape());
    taps_.extend(rows[0].data, positions, taken.data<float>());
    go_over(taken.data<float>(), rows[1].data, rows[2].data, rows[2].data, positions, nobody.data<float>());
  }

 private:
  void go_over(const float* u, const float* delta, const float* b, const float* c, int64_t length, float* y) {
    for (int64_t row = 0; row < length * count_; row += count_) {  // the first of each position
      const int64_t at = row * shape_.channels, of_states = row * shape_.states;
      kernels::selective_scan_step(
          shape_,
          {u + at, delta + at, packed_.poles.data<float>(), b + of_states, c + of_states, packed_.skip.data<float>()},
          states_.data<float>(), y + at);
    }
  }

  const PackedMamba& packed_;
  int64_t count_;
  kernels::ScanShape shape_;
  CausalTaps::Stepper taps_;
  Tensor u_, taken_, z_, low_, delta_, b_, c_, y_, states_;
};

class Mamba : public Mixer {
 public:
  using Options = MambaScanOptions;
  static Facts facts(const Options&) { return {.sequences_per_lane = 2}; }

  Mamba(const Options& options, const MixerShape& shape, const Scope& scope)
      : inner_(options.common.expand * shape.width),
        states_(options.states),
        rank_(options.dt_rank.value_or((shape.width + 15) / 16)),
        u_(scope / "u", shape.in, inner_, LinearBias::kNo),
        z_(scope / "z", shape.in, inner_, LinearBias::kNo),
        taps_(scope / "taps", inner_, options.common.taps),
        low_(scope / "dt_low", inner_, rank_, LinearBias::kNo),
        dt_(scope.parameter("dt/weight", {inner_, rank_}, "inner,rank", ParameterKind::kWeight,
                            initialise::lecun_uniform(rank_))),
        dt_bias_(
            scope.state_space("dt/bias", {inner_}, "inner", options.common.steps.softplus_bias(), options.common.lr)),
        b_(scope / "B", inner_, states_, LinearBias::kNo),
        c_(scope / "C", inner_, states_, LinearBias::kNo),
        a_log_(scope.state_space("A_log", {inner_, states_}, "inner,state", log_of_count(), options.common.lr)),
        skip_(scope.state_space("D", {inner_}, "inner", initialise::constant(1.0f), options.common.lr)),
        out_(scope / "out", inner_, shape.width, LinearBias::kNo) {}

  Variable operator()(Pass& pass, const Variable& x) const override {
    const Variable u = taps_(pass, u_(pass, x));
    const Variable delta = ops::softplus(ops::linear(low_(pass, u), pass(dt_), pass(dt_bias_)));
    const Variable y =
        ops::selective_scan(u, delta, ops::negate(ops::exp(pass(a_log_))), b_(pass, u), c_(pass, u), pass(skip_));
    return out_(pass, ops::mul(y, ops::silu(z_(pass, x))));
  }

  std::unique_ptr<MixerSteps> steps() const override {
    Tensor a(a_log_.value().shape());
    for (int64_t i = 0; i < a.count(); ++i) a.data<float>()[i] = -std::exp(a_log_.value().data<float>()[i]);
    return std::make_unique<PackedMixerSteps<PackedMamba, MambaStepper>>(PackedMamba{u_.packed(),
                                                                                     z_.packed(),
                                                                                     low_.packed(),
                                                                                     {dt_.value(), dt_bias_.value()},
                                                                                     b_.packed(),
                                                                                     c_.packed(),
                                                                                     out_.packed(),
                                                                                     taps_,
                                                                                     kernels::turned_poles(a),
                                                                                     skip_.value(),
                                                                                     states_});
  }

  // Products want a few hundred rows, and a sequence has them.
  int64_t sequences_at_once() const override { return 1; }

  Layout layout() const override {
    Layout layout;
    layout.line(
        "a = taps(u @ u/weight');  delta = softplus(a @ dt_low/weight' @ dt/weight' + dt/bias);  A = -exp(A_log)");
    layout.line(
        "taps(a)[t] = silu(taps/bias + sum over j of taps/weight[j] * a[t - J + 1 + j]), j = 0 .. J - 1; silu(x) = x "
        "sigma(x)");
    layout.line("B = a @ B/weight';  C = a @ C/weight'; of each channel d and state n:");
    layout.line(
        "s[t, d, n] = exp(delta[t, d] A[d, n]) s[t - 1, d, n] + delta[t, d] B[t, n] a[t, d];  r[t, d] = sum over n of "
        "C[t, n] s[t, d, n] + D[d] a[t, d]");
    layout.line("y = (r * silu(u @ z/weight')) @ out/weight'");
    for (const char* name : {"u", "z", "dt_low", "B", "C", "out"})
      layout.tensor(fmt::format("{}/weight", name), "a linear map, no bias");
    layout.tensor("taps/weight", "the last tap is the position itself").tensor("taps/bias", "of each channel");
    layout.tensor("dt/weight", "from the low rank to the time steps").tensor("dt/bias", "of the time steps");
    return layout.tensor("A_log", "log(-A)").tensor("D", "of the input itself");
  }

 private:
  int64_t inner_, states_, rank_;
  Linear u_, z_;
  CausalTaps taps_;
  Linear low_;
  Parameter dt_, dt_bias_;
  Linear b_, c_;
  Parameter a_log_, skip_;
  Linear out_;
};

[[maybe_unused]] const bool registered =
    register_mixer<Mamba>("mamba", "Mamba: selective state spaces (Gu & Dao 2023), by a scan");

}  // namespace
}  // namespace mlrun
