// RetNet's multi-scale retention (Sun et al. 2023, section 2): of each head h, with queries and keys that are turned by
// their position (rotary),
//
//   S_t = g_h S_{t-1} + k_t v_t^T,   o_t = S_t^T q_t,   g_h = 1 - 2^(-5 - h)                            (eq. 6, 8)
//   result = W_out (silu(W_g x) * norm(o)),   (q, k, v) = W x,   k scaled by 1 / sqrt(keys)              (eq. 8)
//
// where norm is that of each head (group normalization, by the root mean square and without a gain, as its authors'
// program has it). Values and gates have `expand` channels for each of the stream.
#include <fmt/format.h>

#include <cmath>

#include "kernels/ssm/chunk_decay.hpp"
#include "kernels/vector/elementwise.hpp"
#include "kernels/vector/normalize.hpp"
#include "mixers/heads.hpp"
#include "mixers/mixer.hpp"
#include "mixers/rotary_table.hpp"
#include "nn/linear.hpp"
#include "ops/activation.hpp"
#include "ops/elementwise.hpp"
#include "ops/normalize.hpp"
#include "ops/shape.hpp"
#include "ops/ssm/chunk_decay.hpp"

namespace mlrun {
namespace {

constexpr float kEpsilon = 1e-5f;

struct RetnetOptions {
  explicit RetnetOptions(config::Reader& reader)
      : heads(reader.integer("heads", {.help = "each with a decay of its own, 1 - 2^(-5 - h); they divide the stream's "
                                               "channels into even parts",
                                       .min = 1,
                                       .max = 18,  // beyond it a float has no room for the decay
                                       .fallback = 4})),
        expand(reader.integer(
            "expand",
            {.help = "channels of values and gates for each of the stream", .min = 1, .max = 64, .fallback = 2})) {}
  int64_t heads, expand;
};

struct PackedRetnet {
  PackedLinear q, k, v, gate, out;
  const RotaryTable* rotary;
  ops::DecayHeads heads;
  Tensor log_decay, gain;
};

class RetnetStepper : public MixerStepper {
 public:
  RetnetStepper(const PackedRetnet& packed, int64_t count)
      : packed_(packed),
        count_(count),
        shape_({1, 1, packed.heads.groups, packed.heads.heads, packed.heads.keys, packed.heads.values}),
        q_({count, packed.q.out()}),
        k_({count, packed.k.out()}),
        v_({count, packed.v.out()}),
        gate_(v_.shape()),
        o_(v_.shape()),
        states_(Tensor::zeros({count, shape_.heads, shape_.keys, shape_.values})) {}

  void extend(const float* x, int64_t length, float* y) override {
    const int64_t rows = length * count_;
    for (Tensor* room : {&q_, &k_, &v_, &gate_, &o_}) fit_rows(*room, rows);
    float *q = q_.data<float>(), *k = k_.data<float>(), *gate = gate_.data<float>();
    packed_.q(x, rows, q);
    packed_.k(x, rows, k);
    packed_.v(x, rows, v_.data<float>());
    packed_.gate(x, rows, gate);
    const float scale = 1 / std::sqrt(static_cast<float>(shape_.keys));
    kernels::scale_in_place(k_, scale);
    packed_.rotary->extend(q, count_, shape_.heads, t_, length);
    packed_.rotary->extend(k, count_, shape_.heads, t_, length);
    t_ += length;
    changed_by(length, {{k, count_ * k_.dim(1)}, {v_.data<float>(), count_ * v_.dim(1)}});
    go_over(q, k, v_.data<float>(), rows, o_.data<float>());
    Tensor normed = kernels::rms_norm(o_.reshape({rows * shape_.heads, shape_.values}), packed_.gain, kEpsilon).y;
    kernels::apply(kernels::Function::kSilu, gate, gate, gate_.count());
    kernels::mul_in_place(normed, gate_);
    packed_.out(normed.data<float>(), rows, y);
  }

 protected:
  std::vector<Tensor> state() override { return {states_}; }
  void advance(const std::vector<Rows>& rows, int64_t positions) override {
    Tensor nobody({positions, rows[1].width});
    go_over(rows[0].data, rows[0].data, rows[1].data, positions * count_, nobody.data<float>());
  }

 private:
  void go_over(const float* q, const float* k, const float* v, int64_t rows, float* o) {
    const int64_t keys = shape_.heads * shape_.keys, values = shape_.heads * shape_.values;
    for (int64_t row = 0; row < rows; ++row) {
      kernels::decay_step(shape_,
                          {.q = q + row * keys,
                           .k = k + row * keys,
                           .v = v + row * values,
                           .log_decay = packed_.log_decay.data<float>()},
                          states_.data<float>() + row % count_ * keys * shape_.values, o + row * values);
    }
  }

  const PackedRetnet& packed_;
  int64_t count_;
  kernels::DecayShape shape_;
  Tensor q_, k_, v_, gate_, o_, states_;
};

class Retnet : public Mixer {
 public:
  using Options = RetnetOptions;
  static Facts facts(const Options&) { return {.sequences_per_lane = 2}; }

  Retnet(const Options& options, const MixerShape& shape, const Scope& scope)
      : keys_(head_size("retnet", shape.width, options.heads, 2)),
        inner_(options.expand * shape.width),
        heads_({options.heads, options.heads, keys_, options.expand * keys_}),
        rotary_(keys_, shape.length),
        q_(scope / "q", shape.in, shape.width, LinearBias::kNo),
        k_(scope / "k", shape.in, shape.width, LinearBias::kNo),
        v_(scope / "v", shape.in, inner_, LinearBias::kNo),
        gate_(scope / "gate", shape.in, inner_, LinearBias::kNo),
        out_(scope / "out", inner_, shape.width, LinearBias::kNo),
        log_decay_({options.heads}),
        gain_(Tensor::full({heads_.values}, 1.0f)) {
    for (int64_t h = 0; h < options.heads; ++h)
      log_decay_.data<float>()[h] = static_cast<float>(std::log1p(-std::exp2(-5.0 - static_cast<double>(h))));
  }

  Variable operator()(Pass& pass, const Variable& x) const override {
    const int64_t n = x.dim(0), length = x.dim(1);
    const Variable k = ops::scale(k_(pass, x), 1 / std::sqrt(static_cast<float>(keys_)));
    const Variable o =
        ops::chunk_decay(rotary_(q_(pass, x)), rotary_(k), v_(pass, x), heads_, {Variable(log_decay_), {}, {}});
    const Variable normed =
        ops::rms_norm(ops::reshape(o, {n, length, heads_.heads, heads_.values}), Variable(gain_), kEpsilon);
    return out_(pass, ops::mul(ops::silu(gate_(pass, x)), ops::reshape(normed, {n, length, inner_})));
  }

  std::unique_ptr<MixerSteps> steps() const override {
    return std::make_unique<PackedMixerSteps<PackedRetnet, RetnetStepper>>(PackedRetnet{
        q_.packed(), k_.packed(), v_.packed(), gate_.packed(), out_.packed(), &rotary_, heads_, log_decay_, gain_});
  }

  // Products want a few hundred rows, and a sequence has them.
  int64_t sequences_at_once() const override { return 1; }

  Layout layout() const override {
    Layout layout;
    layout.line(fmt::format(
        "q = r(u @ q/weight'), k = r(u @ k/weight') / sqrt({}), v = u @ v/weight', in {} heads; r turns pair i of "
        "each head by t 10000^(-i / pairs)",
        keys_, heads_.heads));
    layout.line("S[t] = (1 - 2^(-5 - head)) S[t - 1] + k[t] v[t]', S[-1] = 0;  o[t] = S[t]' q[t]");
    layout.line(fmt::format(
        "y = (silu(u @ gate/weight') * (o / sqrt(mean(o * o) + {:g}), of each head)) @ out/weight'; silu(x) "
        "= x sigma(x)",
        kEpsilon));
    for (const char* name : {"q", "k", "v", "gate", "out"})
      layout.tensor(fmt::format("{}/weight", name), "a linear map, no bias");
    return layout;
  }

 private:
  int64_t keys_, inner_;
  ops::DecayHeads heads_;
  RotaryTable rotary_;
  Linear q_, k_, v_, gate_, out_;
  Tensor log_decay_, gain_;
};

[[maybe_unused]] const bool registered =
    register_mixer<Retnet>("retnet", "RetNet (Sun et al. 2023): retention, a decay for each head, in chunks");

}  // namespace
}  // namespace mlrun
