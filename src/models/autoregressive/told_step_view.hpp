// What models have in common whose network is told something besides the label, by its class (class = label * ways +
// way): its step view, where all sequences of a view share the way, and what may be such a network.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "models/model.hpp"

namespace mlrun {

// The inner model's stepper, and the classes that it was given: it may look at them as long as it lives.
class ToldStepper : public Stepper {
 public:
  ToldStepper(const StepView& inner, std::vector<int32_t> classes)
      : classes_(std::move(classes)), inner_(inner.begin(static_cast<int64_t>(classes_.size()), classes_.data())) {}
  void logits(float* out) override { inner_->logits(out); }
  void observe(const int32_t* symbols) override { inner_->observe(symbols); }
  bool can_extend() const override { return inner_->can_extend(); }
  void extend(const int32_t* symbols, int64_t length, float* out) override { inner_->extend(symbols, length, out); }
  bool can_rewind() const override { return inner_->can_rewind(); }
  void mark() override { inner_->mark(); }
  void rewind(int64_t kept) override { inner_->rewind(kept); }

 private:
  std::vector<int32_t> classes_;
  std::unique_ptr<Stepper> inner_;
};

class ToldStepView : public StepView {
 public:
  // `conditional`: labels are given, and looked at.
  ToldStepView(std::unique_ptr<StepView> inner, int64_t ways, int64_t way, bool conditional)
      : inner_(std::move(inner)), ways_(ways), way_(way), conditional_(conditional) {}
  std::unique_ptr<Stepper> begin(int64_t count, const int32_t* labels) const override {
    std::vector<int32_t> classes;
    for (int64_t i = 0; i < count; ++i)
      classes.push_back(static_cast<int32_t>((conditional_ ? labels[i] : 0) * ways_ + way_));
    return std::make_unique<ToldStepper>(*inner_, std::move(classes));
  }
  bool runs_parallel_view() const override { return inner_->runs_parallel_view(); }
  int64_t sequences_at_once() const override { return inner_->sequences_at_once(); }

 private:
  std::unique_ptr<StepView> inner_;
  int64_t ways_, way_;
  bool conditional_;
};

// Of a network that is trained as a part of the model.
inline Model::Facts facts_of_told(const ModelRegistry::Choice& network) {
  const Model::Facts of_network = network.facts();
  return {.examples_per_lane = of_network.examples_per_lane,
          .blocks = of_network.blocks,
          .begins_from_run = of_network.begins_from_run};
}

// Error(kUsage) where the network would not be trained, but come from runs.
inline void require_trained(const ModelRegistry::Choice& network) {
  if (!network.facts().fitted_at_once) return;
  fail(ExitCode::kUsage,
       "model.of: a {} is made of trained runs, which nobody told anything; it is a whole model, and no part of "
       "another one\n"
       "  take   a kind that is trained, such as model.of.kind=pixelcnn",
       network.kind());
}

}  // namespace mlrun
