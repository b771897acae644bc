// Mamba-2 (Dao & Gu 2024): a state-space model whose decay is one number for each head and position, computed as
// decaying linear attention in chunks (their section 6).
//
//   (z, x, B, C, dt) = W x;   (x, B, C) = silu(taps(x, B, C));   dt = softplus(dt + bias)
//   S_t = exp(-e^{A_log} dt_t) S_{t-1} + dt_t B_t x_t^T,   y_t = S_t^T C_t + D x_t
//   result = W_out rms_norm(y silu(z))
//
// The parts of the in-projection are weights of their own, so that nothing has to be cut out of their result. B and C
// serve all heads.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/error.hpp"
#include "kernels/ssm/chunk_decay.hpp"
#include "kernels/vector/elementwise.hpp"
#include "kernels/vector/gated_norm.hpp"
#include "mixers/mamba_parts.hpp"
#include "mixers/mixer.hpp"
#include "nn/initialisers.hpp"
#include "nn/linear.hpp"
#include "ops/activation.hpp"
#include "ops/elementwise.hpp"
#include "ops/gated_norm.hpp"
#include "ops/linear.hpp"
#include "ops/ssm/chunk_decay.hpp"

namespace mlrun {
namespace {

constexpr float kEpsilon = 1e-5f;

struct Mamba2Options {
  explicit Mamba2Options(config::Reader& reader)
      : common(reader),
        states(reader.integer(
            "states", {.help = "rows of a head's state: the width of B and C", .min = 1, .max = 4096, .fallback = 64})),
        head(reader.integer(
            "head", {.help = "channels of a head; divides expand * width", .min = 1, .max = 4096, .fallback = 64})) {}
  MambaOptions common;
  int64_t states, head;
};

// log of U(1, 16): their initial decays.
Initialiser log_of_uniform(double least, double most) {
  return [least, most](Tensor& t, const RandomStream& noise) {
    for (int64_t i = 0; i < t.count(); ++i) {
      const double a = least + (most - least) * noise.uniform(static_cast<uint64_t>(i));
      t.data<float>()[i] = static_cast<float>(std::log(a));
    }
  };
}

struct PackedMamba2 {
  PackedLinear z, xbc, dt, out;
  CausalTaps taps;
  ops::DecayHeads heads;
  std::vector<float> a;  // -e^{A_log}
  Tensor skip, gain;
};

class Mamba2Stepper : public MixerStepper {
 public:
  Mamba2Stepper(const PackedMamba2& packed, int64_t count)
      : packed_(packed),
        count_(count),
        shape_({1, 1, packed.heads.groups, packed.heads.heads, packed.heads.keys, packed.heads.values}),
        taps_(packed.taps, count),
        z_({count, packed.z.out()}),
        xbc_({count, packed.xbc.out()}),
        dt_({count, shape_.heads}),
        log_decay_(dt_.shape()),
        y_(z_.shape()),
        scale_({count}),
        states_(Tensor::zeros({count, shape_.heads, shape_.keys, shape_.values})) {}

  void extend(const float* x, int64_t length, float* y) override {
    const int64_t rows = length * count_;
    for (Tensor* room : {&z_, &xbc_, &dt_, &log_decay_, &y_}) fit_rows(*room, rows);
    if (scale_.count() != rows) scale_ = Tensor({rows});
    float *z = z_.data<float>(), *xbc = xbc_.data<float>(), *dt = dt_.data<float>(), *to = y_.data<float>(),
          *log_decay = log_decay_.data<float>();
    const int64_t inner = shape_.heads * shape_.values;
    packed_.z(x, rows, z);
    packed_.xbc(x, rows, xbc);
    packed_.dt(x, rows, dt);
    kernels::apply(kernels::Function::kSoftplus, dt, dt, dt_.count());
    for (int64_t i = 0; i < dt_.count(); ++i) log_decay[i] = packed_.a[static_cast<size_t>(i % shape_.heads)] * dt[i];
    changed_by(length,
               {{xbc, count_ * packed_.xbc.out()}, {dt, count_ * shape_.heads}, {log_decay, count_ * shape_.heads}});
    go_over(xbc, dt, log_decay, length, xbc, to);
    kernels::gated_norm(to, z, packed_.gain.data<float>(), rows, inner, kEpsilon, to, scale_.data<float>());
    packed_.out(to, rows, y);
  }

 protected:
  std::vector<Tensor> state() override { return {states_, taps_.state()}; }
  void advance(const std::vector<Rows>& rows, int64_t positions) override {
    Tensor taken({positions, rows[0].width}), nobody({positions * count_, packed_.z.out()});
    go_over(rows[0].data, rows[1].data, rows[2].data, positions, taken.data<float>(), nobody.data<float>());
  }

 private:
  // The taps, and the states: xbc [length, count, channels] -> taken, likewise (may be xbc); y [length, count, inner].
  void go_over(const float* xbc, const float* dt, const float* log_decay, int64_t length, float* taken, float* y) {
    const int64_t inner = shape_.heads * shape_.values;
    taps_.extend(xbc, length, taken);
    for (int64_t row = 0; row < length * count_; ++row) {
      const float* v = taken + row * packed_.xbc.out();
      kernels::decay_step(shape_,
                          {.q = v + inner + shape_.keys,
                           .k = v + inner,
                           .v = v,
                           .log_decay = log_decay + row * shape_.heads,
                           .weight = dt + row * shape_.heads,
                           .skip = packed_.skip.data<float>()},
                          states_.data<float>() + row % count_ * shape_.heads * shape_.keys * shape_.values,
                          y + row * inner);
    }
  }

  const PackedMamba2& packed_;
  int64_t count_;
  kernels::DecayShape shape_;
  CausalTaps::Stepper taps_;
  Tensor z_, xbc_, dt_, log_decay_, y_, scale_, states_;
};

class Mamba2 : public Mixer {
 public:
  using Options = Mamba2Options;
  static Facts facts(const Options&) { return {.sequences_per_lane = 2}; }

  Mamba2(const Options& options, const MixerShape& shape, const Scope& scope)
      : inner_(inner_of(options, shape)),
        heads_({1, inner_ / options.head, options.states, options.head}),
        z_(scope / "z", shape.in, inner_, LinearBias::kNo),
        xbc_(scope / "xbc", shape.in, heads_.channels(), LinearBias::kNo),
        dt_(scope.parameter("dt/weight", {heads_.heads, shape.in}, "head,in", ParameterKind::kWeight,
                            initialise::lecun_uniform(shape.in))),
        dt_bias_(scope.state_space("dt/bias", {heads_.heads}, "head", options.common.steps.softplus_bias(),
                                   options.common.lr)),
        taps_(scope / "taps", heads_.channels(), options.common.taps),
        a_log_(scope.state_space("A_log", {heads_.heads}, "head", log_of_uniform(1, 16), options.common.lr)),
        skip_(scope.state_space("D", {heads_.heads}, "head", initialise::constant(1.0f), options.common.lr)),
        gain_(scope.parameter("norm/gain", {inner_}, "inner", ParameterKind::kNorm, initialise::constant(1.0f))),
        out_(scope / "out", inner_, shape.width, LinearBias::kNo) {}

  Variable operator()(Pass& pass, const Variable& x) const override {
    const Variable vkq = taps_(pass, xbc_(pass, x));
    const Variable dt = ops::softplus(ops::linear(x, pass(dt_), pass(dt_bias_)));
    const Variable log_decay = ops::mul(dt, ops::negate(ops::exp(pass(a_log_))));
    const Variable y = ops::chunk_decay(vkq, heads_, {log_decay, dt, pass(skip_)});
    return out_(pass, ops::gated_norm(y, z_(pass, x), pass(gain_), kEpsilon));
  }

  std::unique_ptr<MixerSteps> steps() const override {
    PackedMamba2 packed = {
        z_.packed(),   xbc_.packed(), {dt_.value(), dt_bias_.value()}, out_.packed(), taps_, heads_, {},
        skip_.value(), gain_.value()};
    for (int64_t h = 0; h < heads_.heads; ++h) packed.a.push_back(-std::exp(a_log_.value().data<float>()[h]));
    return std::make_unique<PackedMixerSteps<PackedMamba2, Mamba2Stepper>>(std::move(packed));
  }

  // Products want a few hundred rows, and a sequence has them.
  int64_t sequences_at_once() const override { return 1; }

  Layout layout() const override {
    Layout layout;
    layout.line(
        "(v, k, q) = taps(u @ xbc/weight'): heads * values, keys and keys channels;  dt = softplus(u @ dt/weight' + "
        "dt/bias), of each head");
    layout.line(
        "taps(a)[t] = silu(taps/bias + sum over j of taps/weight[j] * a[t - J + 1 + j]), j = 0 .. J - 1; silu(x) = x "
        "sigma(x)");
    layout.line(
        "for each head: S[t] = exp(-exp(A_log) dt[t]) S[t - 1] + dt[t] k[t] v[t]' , S[-1] = 0;  r[t] = S[t]' q[t] + D "
        "v[t] "
        "(keys and queries are shared by all heads)");
    layout.line(fmt::format(
        "g = r * silu(u @ z/weight');  y = (g / sqrt(mean(g * g) + {:g}) * norm/gain) @ out/weight'", kEpsilon));
    for (const char* name : {"z", "xbc", "out"}) layout.tensor(fmt::format("{}/weight", name), "a linear map, no bias");
    layout.tensor("taps/weight", "the last tap is the position itself").tensor("taps/bias", "of each channel");
    layout.tensor("dt/weight", "a row for each head").tensor("dt/bias", "of each head");
    return layout.tensor("A_log", "log of the decay, of each head")
        .tensor("D", "of the values, of each head")
        .tensor("norm/gain", "of each channel");
  }

 private:
  static int64_t inner_of(const Options& options, const MixerShape& shape) {
    const int64_t inner = options.common.expand * shape.width;
    if (inner % options.head != 0) {
      fail(ExitCode::kUsage,
           "mixer mamba2 has expand * width = {} * {} = {} inner channels, which heads of {} do not divide\n"
           "  with   model.mixer.head={} (or another divisor of {})",
           options.common.expand, shape.width, inner, options.head, std::gcd(inner, options.head), inner);
    }
    return inner;
  }

  int64_t inner_;
  ops::DecayHeads heads_;
  Linear z_, xbc_;
  Parameter dt_, dt_bias_;
  CausalTaps taps_;
  Parameter a_log_, skip_, gain_;
  Linear out_;
};

[[maybe_unused]] const bool registered =
    register_mixer<Mamba2>("mamba2", "Mamba-2: state space duality (Dao & Gu 2024), in chunks of matrix products");

}  // namespace
}  // namespace mlrun
