// RWKV-4's time mixing (Peng et al. 2023, section 3.1):
//
//   r, k, v = W (m x_t + (1 - m) x_{t-1}), each with a learned m of its own                              (eq. 11 to 13)
//   y_t = the average of earlier v weighed by e^(k - w distance), and of v_t by e^(u + k_t)              (eq. 16)
//   result = W_out (sigmoid(r) * y)                                                                      (eq. 17)
//
// with a decay w = exp(decay) and a bonus u of each channel. Its channel mixing is an MLP: `mlp: channel_mix`.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "kernels/recurrent/token_shift.hpp"
#include "kernels/recurrent/wkv.hpp"
#include "kernels/vector/elementwise.hpp"
#include "mixers/mixer.hpp"
#include "nn/initialisers.hpp"
#include "nn/linear.hpp"
#include "nn/token_shift.hpp"
#include "ops/activation.hpp"
#include "ops/elementwise.hpp"
#include "ops/recurrent/wkv.hpp"

namespace mlrun {
namespace {

struct RwkvOptions {
  explicit RwkvOptions(config::Reader&) {}
};

// Appendix E of the paper, as in the middle of a network: decays from e^-5 to e^3, faster and faster.
Initialiser initial_decay() {
  return [](Tensor& value, const RandomStream&) {
    const double last = static_cast<double>(std::max<int64_t>(1, value.count() - 1));
    for (int64_t c = 0; c < value.count(); ++c)
      value.data<float>()[c] = static_cast<float>(-5 + 8 * std::pow(static_cast<double>(c) / last, 1.35));
  };
}
Initialiser initial_bonus() {
  return [](Tensor& value, const RandomStream&) {
    for (int64_t c = 0; c < value.count(); ++c)
      value.data<float>()[c] = static_cast<float>(std::log(0.3) + 0.5 * static_cast<double>((c + 1) % 3 - 1));
  };
}

struct PackedRwkv {
  PackedLinear r, k, v, out;
  const TokenShift *r_shift, *k_shift, *v_shift;
  Tensor decay, bonus;  // w and u
};

class RwkvStepper : public MixerStepper {
 public:
  RwkvStepper(const PackedRwkv& packed, int64_t count)
      : packed_(packed),
        count_(count),
        channels_(packed.decay.count()),
        before_(Tensor::zeros({count, packed.r.in()})),
        shifted_(before_.shape()),
        r_({count, channels_}),
        k_(r_.shape()),
        v_(r_.shape()),
        y_(r_.shape()),
        state_({count, 3, channels_}) {
    for (int64_t i = 0; i < count; ++i) kernels::wkv_begin(channels_, state_.data<float>() + i * 3 * channels_);
  }

  void extend(const float* x, int64_t length, float* y) override {
    const int64_t rows = length * count_;
    for (Tensor* room : {&shifted_, &r_, &k_, &v_, &y_}) fit_rows(*room, rows);
    const auto project = [&](const PackedLinear& to, const TokenShift& shift, Tensor& result) {
      shift.extend(x, before_.data<float>(), count_, length, shifted_.data<float>());
      to(shifted_.data<float>(), rows, result.data<float>());
    };
    project(packed_.r, *packed_.r_shift, r_);
    project(packed_.k, *packed_.k_shift, k_);
    project(packed_.v, *packed_.v_shift, v_);
    for (int64_t row = 0; row < rows; ++row) {
      const int64_t at = row * channels_;
      kernels::wkv_step(channels_, k_.data<float>() + at, v_.data<float>() + at, packed_.decay.data<float>(),
                        packed_.bonus.data<float>(), state_.data<float>() + row % count_ * 3 * channels_,
                        y_.data<float>() + at);
      if (row % count_ < count_ - 1) continue;
      std::copy_n(x + row / count_ * before_.count(), before_.count(), before_.data<float>());
      passed();
    }
    kernels::apply(kernels::Function::kSigmoid, r_.data<float>(), r_.data<float>(), r_.count());
    kernels::mul_in_place(y_, r_);
    packed_.out(y_.data<float>(), rows, y);
  }

 protected:
  std::vector<Tensor> state() override { return {before_, state_}; }

 private:
  const PackedRwkv& packed_;
  int64_t count_, channels_;
  Tensor before_, shifted_, r_, k_, v_, y_, state_;
};

class Rwkv : public Mixer {
 public:
  using Options = RwkvOptions;
  static Facts facts(const Options&) { return {.sequences_per_lane = 2}; }

  Rwkv(const Options&, const MixerShape& shape, const Scope& scope)
      : r_(scope / "r", shape.in, shape.width, LinearBias::kNo),
        k_(scope / "k", shape.in, shape.width, LinearBias::kNo),
        v_(scope / "v", shape.in, shape.width, LinearBias::kNo),
        out_(scope / "out", shape.width, shape.width, LinearBias::kNo),
        r_shift_(scope, "r_mix", shape.in, 0.5),
        k_shift_(scope, "k_mix", shape.in, 1),
        v_shift_(scope, "v_mix", shape.in, 1),
        decay_(scope.state_space("decay", {shape.width}, "channel", initial_decay(), 0)),
        bonus_(scope.state_space("bonus", {shape.width}, "channel", initial_bonus(), 0)) {}

  Variable operator()(Pass& pass, const Variable& x) const override {
    const Variable k = k_(pass, k_shift_(pass, x)), v = v_(pass, v_shift_(pass, x));
    const Variable y = ops::wkv(k, v, ops::exp(pass(decay_)), pass(bonus_));
    return out_(pass, ops::mul(ops::sigmoid(r_(pass, r_shift_(pass, x))), y));
  }

  std::unique_ptr<MixerSteps> steps() const override {
    return std::make_unique<PackedMixerSteps<PackedRwkv, RwkvStepper>>(
        PackedRwkv{r_.packed(), k_.packed(), v_.packed(), out_.packed(), &r_shift_, &k_shift_, &v_shift_,
                   kernels::apply(kernels::Function::kExp, decay_.value()), bonus_.value()});
  }

  // Products want a few hundred rows, and a sequence has them.
  int64_t sequences_at_once() const override { return 1; }

  Layout layout() const override {
    Layout layout;
    layout.line("shift(NAME)[t] = NAME * u[t] + (1 - NAME) * u[t - 1], u[-1] = 0");
    layout.line("r = shift(r_mix) @ r/weight', k = shift(k_mix) @ k/weight', v = shift(v_mix) @ v/weight'");
    layout.line(
        "a[t] = (sum over s < t of exp(k[s] - (t - 1 - s) exp(decay)) v[s] + exp(bonus + k[t]) v[t]) / (the same sum "
        "without v), of each channel");
    layout.line("y = (sigma(r) * a) @ out/weight'");
    for (const char* name : {"r", "k", "v", "out"})
      layout.tensor(fmt::format("{}/weight", name), "a linear map, no bias");
    for (const char* name : {"r_mix", "k_mix", "v_mix"}) layout.tensor(name, "share of the step itself");
    return layout.tensor("decay", "log of the decay per step").tensor("bonus", "of the step itself");
  }

 private:
  Linear r_, k_, v_, out_;
  TokenShift r_shift_, k_shift_, v_shift_;
  Parameter decay_, bonus_;
};

[[maybe_unused]] const bool registered = register_mixer<Rwkv>(
    "rwkv",
    "RWKV-4 (Peng et al. 2023): averages of the past that decay by channel, and gates; goes with mlp: channel_mix");

}  // namespace
}  // namespace mlrun
