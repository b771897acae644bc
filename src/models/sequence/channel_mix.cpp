#include "models/sequence/channel_mix.hpp"

#include <algorithm>
#include <cstddef>

#include "kernels/vector/elementwise.hpp"
#include "mixers/mixer.hpp"
#include "ops/activation.hpp"
#include "ops/elementwise.hpp"

namespace mlrun {

using kernels::Function;

ChannelMix::ChannelMix(int64_t width, int64_t hidden, const Scope& scope)
    : width_(width),
      hidden_(hidden),
      up_(scope / "up", width, hidden),
      down_(scope / "down", hidden, width),
      receptance_(scope / "receptance", width, width),
      up_shift_(scope, "up_mix", width, 1),
      receptance_shift_(scope, "receptance_mix", width, 1) {}

Variable ChannelMix::operator()(Pass& pass, const Variable& x) const {
  const Variable h = ops::activation(Function::kSquaredRelu, up_(pass, up_shift_(pass, x)));
  return ops::mul(ops::sigmoid(receptance_(pass, receptance_shift_(pass, x))), down_(pass, h));
}

class ChannelMix::Steps : public MlpSteps {
 public:
  explicit Steps(const ChannelMix& of)
      : mlp(of), up(of.up_.packed()), down(of.down_.packed()), receptance(of.receptance_.packed()) {}
  std::unique_ptr<MlpStepper> begin(int64_t count) const override;
  const ChannelMix& mlp;
  PackedLinear up, down, receptance;
};

class ChannelMix::Stepper : public MlpStepper {
 public:
  Stepper(const Steps& steps, int64_t count)
      : steps_(steps), count_(count), before_(Tensor::zeros({count, steps.mlp.width_})) {}

  Tensor extend(const Tensor& x) override {
    const ChannelMix& mlp = steps_.mlp;
    const int64_t rows = x.dim(0), length = rows / count_;
    Tensor shifted(x.shape()), h({rows, mlp.hidden_}), gate(x.shape()), y(x.shape());
    float *p = h.data<float>(), *g = gate.data<float>();
    mlp.up_shift_.extend(x.data<float>(), before_.data<float>(), count_, length, shifted.data<float>());
    steps_.up(shifted.data<float>(), rows, p);
    kernels::apply(Function::kSquaredRelu, p, p, h.count());
    steps_.down(p, rows, y.data<float>());
    mlp.receptance_shift_.extend(x.data<float>(), before_.data<float>(), count_, length, shifted.data<float>());
    steps_.receptance(shifted.data<float>(), rows, g);
    kernels::apply(Function::kSigmoid, g, g, gate.count());
    kernels::mul_in_place(y, gate);
    before_ = x.rows(rows - count_, rows).clone();
    if (marked_.defined() && static_cast<int64_t>(passed_.size()) < kPositionsKept * before_.count())
      passed_.insert(passed_.end(), x.data<float>(), x.data<float>() + x.count());
    return y;
  }

  void mark() override {
    marked_ = before_.clone();
    passed_.clear();
  }

  void rewind(int64_t kept) override {
    passed_.resize(static_cast<size_t>(kept * before_.count()));
    if (kept == 0) before_.copy_from(marked_);
    else
      std::copy_n(passed_.end() - static_cast<std::ptrdiff_t>(before_.count()), before_.count(), before_.data<float>());
  }

 private:
  const Steps& steps_;
  int64_t count_;
  Tensor before_, marked_;     // what the position before was given
  std::vector<float> passed_;  // what those since the mark were given
};

std::unique_ptr<MlpStepper> ChannelMix::Steps::begin(int64_t count) const {
  return std::make_unique<Stepper>(*this, count);
}

std::unique_ptr<MlpSteps> ChannelMix::steps() const { return std::make_unique<Steps>(*this); }

Layout ChannelMix::layout() const {
  Layout layout;
  layout.line("shift(x, NAME)[t] = NAME * x[t] + (1 - NAME) * x[t - 1], x[-1] = 0");
  layout.line(
      "m = sigma(shift(x, mlp/receptance_mix) @ mlp/receptance/weight' + mlp/receptance/bias) * "
      "(max(shift(x, mlp/up_mix) @ mlp/up/weight' + mlp/up/bias, 0)^2 @ mlp/down/weight' + mlp/down/bias)");
  layout.tensor("up_mix", "share of the step itself").tensor("receptance_mix", "share of the step itself");
  for (const char* name : {"receptance", "up", "down"})
    layout.tensor(std::string(name) + "/weight", "a linear map").tensor(std::string(name) + "/bias", "of each channel");
  return layout;
}

}  // namespace mlrun
