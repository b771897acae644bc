// A model of its own kind for the tests of proofs: every pixel sees the one before it, and one thing is wrong.
#pragma once

#include <string>

#include "models/model.hpp"
#include "nn/initialisers.hpp"
#include "ops/elementwise.hpp"

namespace mlrun::test {

// logit_t = b_t + w_t x_{t-1}
class FaultyModel : public AutoregressiveModel {
 public:
  struct Options {
    explicit Options(config::Reader& reader)
        : fault(reader.choice("fault", {"none", "leak", "batch", "step", "nll", "scale"},
                              {.help = "what is wrong", .fallback = "none"})) {}
    std::string fault;
  };
  static Facts facts(const Options&) { return {}; }

  FaultyModel(const Options& options, const DataSpec& data, const Scope& scope)
      : AutoregressiveModel(data), fault_(options.fault) {
    for (int64_t t = 0; t < data.positions(); ++t) order_.push_back(t);
    b_ = scope.parameter("b", {data.positions()}, "out", ParameterKind::kBias, initialise::normal(1.0));
    w_ = scope.parameter("w", {data.positions()}, "out", ParameterKind::kBias, initialise::normal(1.0));
  }

  const std::vector<int64_t>& order(int64_t) const override { return order_; }

  Variable logits(Pass& pass, const OrderedBatch& batch, int64_t) const override {
    const int64_t n = batch.count(), d = data().positions();
    const int32_t* x = batch.symbols.data<int32_t>();
    Tensor previous = Tensor::zeros({n, d}), extra = Tensor::zeros({n, d});
    for (int64_t i = 0; i < n; ++i) {
      for (int64_t t = 1; t < d; ++t) previous.data<float>()[i * d + t] = static_cast<float>(x[i * d + t - 1]);
      // One logit in all looks one pixel ahead.
      if (fault_ == "leak") extra.data<float>()[i * d + d / 2] = static_cast<float>(x[i * d + d / 2 + 1]);
      // Or at the first pixel of the other images.
      for (int64_t j = 0; fault_ == "batch" && j < n; ++j) extra.data<float>()[i * d] += static_cast<float>(x[j * d]);
    }
    return ops::add(ops::add(ops::mul(Variable(previous), pass(w_)), pass(b_)), Variable(extra));
  }

  std::vector<double> nll(const ParameterArena& parameters, const Batch& batch) const override {
    std::vector<double> nll = AutoregressiveModel::nll(parameters, batch);
    for (double& x : nll) x *= fault_ == "nll" ? 0.9 : fault_ == "scale" ? 0.01 : 1.0;
    return nll;
  }

  std::unique_ptr<StepView> step_view(const ParameterArena& parameters, int64_t component) const override {
    if (fault_ == "step") return std::make_unique<WrongView>(default_step_view(parameters, component));
    return default_step_view(parameters, component);
  }

 private:
  // Adds a little to the third step's logits.
  class WrongStepper : public Stepper {
   public:
    WrongStepper(std::unique_ptr<Stepper> right, int64_t count) : right_(std::move(right)), count_(count) {}
    void logits(float* out) override {
      right_->logits(out);
      for (int64_t i = 0; step_ == 2 && i < count_; ++i) out[i] += 0.01f;
    }
    void observe(const int32_t* symbols) override {
      right_->observe(symbols);
      ++step_;
    }

   private:
    std::unique_ptr<Stepper> right_;
    int64_t count_, step_ = 0;
  };
  class WrongView : public StepView {
   public:
    explicit WrongView(std::unique_ptr<StepView> right) : right_(std::move(right)) {}
    std::unique_ptr<Stepper> begin(int64_t count, const int32_t* labels) const override {
      return std::make_unique<WrongStepper>(right_->begin(count, labels), count);
    }

   private:
    std::unique_ptr<StepView> right_;
  };

  std::string fault_;
  std::vector<int64_t> order_;
  Parameter b_, w_;
};

// Not when the program starts: other tests go over all kinds.
inline void register_faulty_model() { register_model<FaultyModel>("faulty", "a model with a fault"); }

}  // namespace mlrun::test
