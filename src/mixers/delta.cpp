// DeltaNet (Yang et al. 2024, "Parallelizing linear transformers with the delta rule over sequence length", section 3):
//
//   q, k, v = silu(taps(W x)), q and k of each head brought to length 1;   b = sigmoid(W_b x), one for each head
//   S_t = S_{t-1} + b_t k_t (v_t - S_{t-1}^T k_t)^T,   o_t = S_t^T q_t,   result = W_out rms_norm(o)
//
// with the norm over each head. A key that comes again replaces what is held for it, where linear attention adds.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "kernels/ssm/delta_rule.hpp"
#include "kernels/vector/elementwise.hpp"
#include "kernels/vector/normalize.hpp"
#include "mixers/heads.hpp"
#include "mixers/mamba_parts.hpp"
#include "mixers/mixer.hpp"
#include "nn/initialisers.hpp"
#include "nn/linear.hpp"
#include "ops/activation.hpp"
#include "ops/normalize.hpp"
#include "ops/shape.hpp"
#include "ops/ssm/delta_rule.hpp"

namespace mlrun {
namespace {

constexpr float kEpsilon = 1e-5f;

struct DeltaOptions {
  explicit DeltaOptions(config::Reader& reader)
      : heads(reader.integer("heads",
                             {.help = "they divide the stream's channels", .min = 1, .max = 4096, .fallback = 4})),
        taps(reader.integer("taps",
                            {.help = "positions that the short convolutions of queries, keys and values see, their "
                                     "own among them",
                             .min = 1,
                             .max = kernels::kMostTaps,
                             .fallback = 4})) {}
  int64_t heads, taps;
};

struct PackedDelta {
  PackedLinear q, k, v, share, out;
  const CausalTaps *q_taps, *k_taps, *v_taps;
  kernels::DeltaShape shape;
  Tensor unit, gain;
};

class DeltaStepper : public MixerStepper {
 public:
  DeltaStepper(const PackedDelta& packed, int64_t count)
      : packed_(packed),
        count_(count),
        q_taps_(*packed.q_taps, count),
        k_taps_(*packed.k_taps, count),
        v_taps_(*packed.v_taps, count),
        q_({count, packed.q.out()}),
        k_(q_.shape()),
        v_(q_.shape()),
        o_(q_.shape()),
        share_({count, packed.shape.heads}),
        states_(Tensor::zeros({count, packed.shape.heads, packed.shape.keys, packed.shape.values})) {}

  void extend(const float* x, int64_t length, float* y) override {
    const int64_t rows = length * count_;
    for (Tensor* room : {&q_, &k_, &v_, &o_, &share_}) fit_rows(*room, rows);
    packed_.q(x, rows, q_.data<float>());
    packed_.k(x, rows, k_.data<float>());
    packed_.v(x, rows, v_.data<float>());
    packed_.share(x, rows, share_.data<float>());
    kernels::apply(kernels::Function::kSigmoid, share_.data<float>(), share_.data<float>(), share_.count());
    const int64_t width = count_ * packed_.q.out();
    changed_by(length, {{q_.data<float>(), width},
                        {k_.data<float>(), width},
                        {v_.data<float>(), width},
                        {share_.data<float>(), count_ * packed_.shape.heads}});
    go_over(q_, k_, v_, share_.data<float>(), o_.data<float>());
    packed_.out(of_heads(o_, packed_.gain).data<float>(), rows, y);
  }

 protected:
  std::vector<Tensor> state() override { return {states_, q_taps_.state(), k_taps_.state(), v_taps_.state()}; }
  void advance(const std::vector<Rows>& rows, int64_t positions) override {
    std::vector<Tensor> x;
    for (size_t i = 0; i < 3; ++i) {
      x.emplace_back(Shape{positions * count_, packed_.q.out()});
      std::copy_n(rows[i].data, x.back().count(), x.back().data<float>());
    }
    Tensor nobody(x[0].shape());
    go_over(x[0], x[1], x[2], rows[3].data, nobody.data<float>());
  }

 private:
  // The taps, in place, and the states: q, k, v [rows, width].
  void go_over(Tensor& q_in, Tensor& k_in, Tensor& v, const float* share, float* o) {
    const int64_t rows = v.dim(0), length = rows / count_, width = packed_.q.out(), heads = packed_.shape.heads;
    q_taps_.extend(q_in.data<float>(), length, q_in.data<float>());
    k_taps_.extend(k_in.data<float>(), length, k_in.data<float>());
    v_taps_.extend(v.data<float>(), length, v.data<float>());
    const Tensor q = of_heads(q_in, packed_.unit), k = of_heads(k_in, packed_.unit);
    for (int64_t row = 0; row < rows; ++row) {
      const int64_t at = row * width;
      kernels::delta_rule_step(packed_.shape,
                               {q.data<float>() + at, k.data<float>() + at, v.data<float>() + at, share + row * heads},
                               states_.data<float>() + row % count_ * (states_.count() / count_), o + at);
    }
  }

  Tensor of_heads(const Tensor& x, const Tensor& gain) const {
    return kernels::rms_norm(x.reshape({-1, gain.count()}), gain, kEpsilon).y;
  }

  const PackedDelta& packed_;
  int64_t count_;
  CausalTaps::Stepper q_taps_, k_taps_, v_taps_;
  Tensor q_, k_, v_, o_, share_, states_;
};

class Delta : public Mixer {
 public:
  using Options = DeltaOptions;
  static Facts facts(const Options&) { return {.sequences_per_lane = 2}; }

  Delta(const Options& options, const MixerShape& shape, const Scope& scope)
      : heads_(options.heads),
        size_(head_size("delta", shape.width, options.heads)),
        q_(scope / "q", shape.in, shape.width, LinearBias::kNo),
        k_(scope / "k", shape.in, shape.width, LinearBias::kNo),
        v_(scope / "v", shape.in, shape.width, LinearBias::kNo),
        share_(scope / "share", shape.in, heads_),
        q_taps_(scope / "q_taps", shape.width, options.taps),
        k_taps_(scope / "k_taps", shape.width, options.taps),
        v_taps_(scope / "v_taps", shape.width, options.taps),
        gain_(scope.parameter("norm/gain", {size_}, "value", ParameterKind::kNorm, initialise::constant(1.0f))),
        out_(scope / "out", shape.width, shape.width, LinearBias::kNo),
        unit_(Tensor::full({size_}, 1 / std::sqrt(static_cast<float>(size_)))) {}

  Variable operator()(Pass& pass, const Variable& x) const override {
    const Variable q = of_heads(q_taps_(pass, q_(pass, x)), unit_), k = of_heads(k_taps_(pass, k_(pass, x)), unit_);
    const Variable o = ops::delta_rule(q, k, v_taps_(pass, v_(pass, x)), ops::sigmoid(share_(pass, x)));
    return out_(pass, of_heads(o, pass(gain_)));
  }

  std::unique_ptr<MixerSteps> steps() const override {
    return std::make_unique<PackedMixerSteps<PackedDelta, DeltaStepper>>(PackedDelta{q_.packed(),
                                                                                     k_.packed(),
                                                                                     v_.packed(),
                                                                                     share_.packed(),
                                                                                     out_.packed(),
                                                                                     &q_taps_,
                                                                                     &k_taps_,
                                                                                     &v_taps_,
                                                                                     {1, 1, heads_, size_, size_},
                                                                                     unit_,
                                                                                     gain_.value()});
  }

  // Products want a few hundred rows, and a sequence has them.
  int64_t sequences_at_once() const override { return 1; }

  Layout layout() const override {
    Layout layout;
    layout.line(
        "taps(a)[t] = silu(NAME/bias + sum over j of NAME/weight[j] * a[t - J + 1 + j]), j = 0 .. J - 1; silu(x) = x "
        "sigma(x)");
    layout.line(fmt::format(
        "q = q_taps(u @ q/weight'), k = k_taps(u @ k/weight'), each of {} heads divided by sqrt(sum of its squares + "
        "{} {:g});  v = v_taps(u @ v/weight');  b = sigma(u @ share/weight' + share/bias), of each head",
        heads_, size_, kEpsilon));
    layout.line("S[t] = S[t - 1] + b[t] k[t] (v[t] - S[t - 1]' k[t])', S[-1] = 0;  o[t] = S[t]' q[t]");
    layout.line(fmt::format("y = (o / sqrt(mean(o * o) + {:g}) * norm/gain, of each head) @ out/weight'", kEpsilon));
    for (const char* name : {"q", "k", "v", "out"})
      layout.tensor(fmt::format("{}/weight", name), "a linear map, no bias");
    for (const char* name : {"q_taps", "k_taps", "v_taps"}) {
      layout.tensor(fmt::format("{}/weight", name), "the last tap is the position itself");
      layout.tensor(fmt::format("{}/bias", name), "of each channel");
    }
    layout.tensor("share/weight", "a row for each head").tensor("share/bias", "of each head");
    return layout.tensor("norm/gain", "of each number of a head");
  }

 private:
  // The root mean square norm of each head: with a gain of 1 / sqrt(size), its length becomes 1.
  Variable of_heads(const Variable& x, const Variable& gain) const {
    const Shape whole = x.shape();
    return ops::reshape(ops::rms_norm(ops::reshape(x, {whole[0], whole[1], heads_, size_}), gain, kEpsilon), whole);
  }

  int64_t heads_, size_;
  Linear q_, k_, v_, share_;
  CausalTaps q_taps_, k_taps_, v_taps_;
  Parameter gain_;
  Linear out_;
  Tensor unit_;
};

[[maybe_unused]] const bool registered =
    register_mixer<Delta>("delta", "DeltaNet (Yang et al. 2024): a state whose entries are replaced, in chunks");

}  // namespace
}  // namespace mlrun
