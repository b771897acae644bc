// Adam (Kingma & Ba 2015) and AdamW (Loshchilov & Hutter 2019).
#include "optim/optimizer.hpp"

namespace mlrun {
namespace {

struct AdamOptions : MomentOptions {
  explicit AdamOptions(config::Reader& reader) : MomentOptions(reader, 1e-3, {0.9, 0.999}) {}
};

class AdamRule : public Optimizer {
 public:
  using Options = AdamOptions;
  AdamRule(const Options& options, bool decoupled) : options_(options), decoupled_(decoupled) {}
  double lr() const override { return options_.lr; }
  std::vector<std::string> slots() const override { return {"m", "v"}; }
  void update(const UpdateStep& step, const kernels::ParameterSlice& slice) const override {
    kernels::update(kernels::Adam{.lr = step.lr,
                                  .beta1 = options_.betas[0],
                                  .beta2 = options_.betas[1],
                                  .eps = options_.eps,
                                  .weight_decay = step.decay ? options_.weight_decay : 0,
                                  .decoupled = decoupled_,
                                  .step = step.number},
                    step.scale, slice);
  }

 private:
  Options options_;
  bool decoupled_;
};

class Adam : public AdamRule {
 public:
  explicit Adam(const Options& options) : AdamRule(options, false) {}
};

class AdamW : public AdamRule {
 public:
  explicit AdamW(const Options& options) : AdamRule(options, true) {}
};

[[maybe_unused]] const bool adam = register_optimizer<Adam>("adam", "Adam (Kingma & Ba 2015)");
[[maybe_unused]] const bool adamw =
    register_optimizer<AdamW>("adamw", "Adam with decoupled weight decay (Loshchilov & Hutter 2019)");

}  // namespace
}  // namespace mlrun
