// Gated linear attention (Yang et al. 2024, section 4): of each head, with a decay of its own for every key channel,
//
//   a = sigmoid(W_2 W_1 x + b)^(1 / temperature)                                                        (section 4.4)
//   S_t = diag(a_t) S_{t-1} + k_t v_t^T,   o_t = S_t^T q_t,   (q, k, v) = W x                            (eq. 3)
//   result = W_out (silu(W_g x) * norm(o))
//
// with the norm (root mean square) over each head. There are half as many channels of keys as of the stream.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "kernels/ssm/channel_decay.hpp"
#include "kernels/vector/elementwise.hpp"
#include "kernels/vector/normalize.hpp"
#include "mixers/heads.hpp"
#include "mixers/mixer.hpp"
#include "nn/initialisers.hpp"
#include "nn/linear.hpp"
#include "ops/activation.hpp"
#include "ops/elementwise.hpp"
#include "ops/normalize.hpp"
#include "ops/shape.hpp"
#include "ops/ssm/channel_decay.hpp"

namespace mlrun {
namespace {

constexpr float kEpsilon = 1e-5f;

struct GlaOptions {
  explicit GlaOptions(config::Reader& reader)
      : heads(reader.integer(
            "heads",
            {.help = "they divide the stream's channels into even parts", .min = 1, .max = 4096, .fallback = 4})),
        rank(reader.integer("rank", {.help = "inner channels of the map from the stream to the decays",
                                     .min = 1,
                                     .max = 4096,
                                     .fallback = 16})),
        temperature(reader.real("temperature", {.help = "the decays are this root of a sigmoid: larger forgets less",
                                                .min = 0,
                                                .exclusive_min = true,
                                                .fallback = 16.0})) {}
  int64_t heads, rank;
  double temperature;
};

struct PackedGla {
  PackedLinear q, k, v, gate, down, up, out;
  kernels::ChannelDecayShape shape;
  float over_temperature;
  Tensor gain;
};

class GlaStepper : public MixerStepper {
 public:
  GlaStepper(const PackedGla& packed, int64_t count)
      : packed_(packed),
        count_(count),
        q_({count, packed.q.out()}),
        k_(q_.shape()),
        a_(q_.shape()),
        low_({count, packed.down.out()}),
        v_({count, packed.v.out()}),
        gate_(v_.shape()),
        o_(v_.shape()),
        states_(Tensor::zeros({count, packed.shape.heads, packed.shape.keys, packed.shape.values})) {}

  void extend(const float* x, int64_t length, float* y) override {
    const int64_t rows = length * count_;
    for (Tensor* room : {&q_, &k_, &a_, &low_, &v_, &gate_, &o_}) fit_rows(*room, rows);
    float *a = a_.data<float>(), *gate = gate_.data<float>();
    packed_.q(x, rows, q_.data<float>());
    packed_.k(x, rows, k_.data<float>());
    packed_.v(x, rows, v_.data<float>());
    packed_.gate(x, rows, gate);
    packed_.down(x, rows, low_.data<float>());
    packed_.up(low_.data<float>(), rows, a);
    for (int64_t i = 0; i < a_.count(); ++i) a[i] = -a[i];
    kernels::apply(kernels::Function::kSoftplus, a, a, a_.count());
    kernels::scale_in_place(a_, -packed_.over_temperature);
    kernels::apply(kernels::Function::kExp, a, a, a_.count());
    const float *k = k_.data<float>(), *v = v_.data<float>();
    changed_by(length, {{k, count_ * k_.dim(1)}, {v, count_ * v_.dim(1)}, {a, count_ * a_.dim(1)}});
    go_over(q_.data<float>(), k, v, a, rows, o_.data<float>());
    Tensor normed = kernels::rms_norm(o_.reshape({-1, packed_.shape.values}), packed_.gain, kEpsilon).y;
    kernels::apply(kernels::Function::kSilu, gate, gate, gate_.count());
    kernels::mul_in_place(normed, gate_);
    packed_.out(normed.data<float>(), rows, y);
  }

 protected:
  std::vector<Tensor> state() override { return {states_}; }
  void advance(const std::vector<Rows>& rows, int64_t positions) override {
    Tensor nobody({positions, rows[1].width});
    go_over(rows[0].data, rows[0].data, rows[1].data, rows[2].data, positions * count_, nobody.data<float>());
  }

 private:
  void go_over(const float* q, const float* k, const float* v, const float* a, int64_t rows, float* o) {
    const int64_t keys = packed_.q.out(), values = packed_.v.out();
    for (int64_t row = 0; row < rows; ++row) {
      kernels::channel_decay_step(packed_.shape, {q + row * keys, k + row * keys, v + row * values, a + row * keys},
                                  states_.data<float>() + row % count_ * keys * packed_.shape.values, o + row * values);
    }
  }

  const PackedGla& packed_;
  int64_t count_;
  Tensor q_, k_, a_, low_, v_, gate_, o_, states_;
};

class Gla : public Mixer {
 public:
  using Options = GlaOptions;
  static Facts facts(const Options&) { return {.sequences_per_lane = 2}; }

  Gla(const Options& options, const MixerShape& shape, const Scope& scope)
      : heads_(options.heads),
        values_(head_size("gla", shape.width, options.heads, 2)),
        over_temperature_(static_cast<float>(1 / options.temperature)),
        q_(scope / "q", shape.in, shape.width / 2, LinearBias::kNo),
        k_(scope / "k", shape.in, shape.width / 2, LinearBias::kNo),
        v_(scope / "v", shape.in, shape.width, LinearBias::kNo),
        gate_(scope / "gate", shape.in, shape.width),
        down_(scope / "decay_down", shape.in, options.rank, LinearBias::kNo),
        up_(scope / "decay_up", options.rank, shape.width / 2),
        gain_(scope.parameter("norm/gain", {values_}, "value", ParameterKind::kNorm, initialise::constant(1.0f))),
        out_(scope / "out", shape.width, shape.width, LinearBias::kNo) {}

  Variable operator()(Pass& pass, const Variable& x) const override {
    const int64_t n = x.dim(0), length = x.dim(1);
    const Variable raw = up_(pass, down_(pass, x));
    const Variable a = ops::exp(ops::scale(ops::softplus(ops::negate(raw)), -over_temperature_));
    const Variable o = ops::channel_decay(q_(pass, x), k_(pass, x), v_(pass, x), a, heads_);
    const Variable normed = ops::rms_norm(ops::reshape(o, {n, length, heads_, values_}), pass(gain_), kEpsilon);
    return out_(pass, ops::mul(ops::silu(gate_(pass, x)), ops::reshape(normed, o.shape())));
  }

  std::unique_ptr<MixerSteps> steps() const override {
    return std::make_unique<PackedMixerSteps<PackedGla, GlaStepper>>(PackedGla{q_.packed(),
                                                                               k_.packed(),
                                                                               v_.packed(),
                                                                               gate_.packed(),
                                                                               down_.packed(),
                                                                               up_.packed(),
                                                                               out_.packed(),
                                                                               {1, 1, heads_, values_ / 2, values_},
                                                                               over_temperature_,
                                                                               gain_.value()});
  }

  // Products want a few hundred rows, and a sequence has them.
  int64_t sequences_at_once() const override { return 1; }

  Layout layout() const override {
    Layout layout;
    layout.line(
        fmt::format("q = u @ q/weight', k = u @ k/weight', v = u @ v/weight', in {} heads;  a = sigma(u @ "
                    "decay_down/weight' @ decay_up/weight' + decay_up/bias)^{:.9g}, as q in heads",
                    heads_, over_temperature_));
    layout.line("S[t] = diag(a[t]) S[t - 1] + k[t] v[t]', S[-1] = 0;  o[t] = S[t]' q[t]");
    layout.line(
        fmt::format("y = (silu(u @ gate/weight' + gate/bias) * (o / sqrt(mean(o * o) + {:g}) * norm/gain, of each "
                    "head)) @ out/weight'; silu(x) = x sigma(x)",
                    kEpsilon));
    for (const char* name : {"q", "k", "v", "gate", "decay_down", "decay_up", "out"})
      layout.tensor(fmt::format("{}/weight", name), "a linear map");
    layout.tensor("gate/bias", "of each channel").tensor("decay_up/bias", "of each channel of keys");
    return layout.tensor("norm/gain", "of each number of a head");
  }

 private:
  int64_t heads_, values_;
  float over_temperature_;
  Linear q_, k_, v_, gate_, down_, up_;
  Parameter gain_;
  Linear out_;
};

[[maybe_unused]] const bool registered = register_mixer<Gla>(
    "gla", "Gated linear attention (Yang et al. 2024): a decay for each channel of keys, by a scan");

}  // namespace
}  // namespace mlrun
