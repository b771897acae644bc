#include "optim/adam.hpp"

#include <cmath>

#include "base/error.hpp"
#include "optim/optimizer.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "optim/adam.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
//
#include "kernels/optimizer/element_rule.hpp"

HWY_BEFORE_NAMESPACE();
namespace mlrun::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
using kernels::HWY_NAMESPACE::set;
using kernels::HWY_NAMESPACE::update_all;
using kernels::HWY_NAMESPACE::simd::V;

void adam_kernel(const AdamStep& rule, const kernels::UpdateScale& scale, const kernels::ParameterSlice& slice) {
  const double t = static_cast<double>(rule.number);
  const V size = set(rule.lr / (1 - std::pow(rule.beta1, t)));
  const V root = set(1 / std::sqrt(1 - std::pow(rule.beta2, t)));
  const V beta1 = set(rule.beta1), beta2 = set(rule.beta2), eps = set(rule.eps);
  const V fresh1 = set(1 - rule.beta1), fresh2 = set(1 - rule.beta2);
  const V decay = set(rule.decoupled ? 0.0 : rule.weight_decay);
  const V keep = set(rule.decoupled ? 1 - rule.lr * rule.weight_decay : 1.0);
  update_all<2>(slice, scale, [&](V w, V g, V* s) HWY_ATTR {
    V &m = s[0], &v = s[1];
    g = hn::MulAdd(decay, w, g);
    m = hn::MulAdd(beta1, m, hn::Mul(fresh1, g));
    v = hn::MulAdd(beta2, v, hn::Mul(fresh2, hn::Mul(g, g)));
    const V change = hn::Div(hn::Mul(size, m), hn::MulAdd(hn::Sqrt(v), root, eps));
    return hn::MulSub(w, keep, change);
  });
}

}  // namespace mlrun::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mlrun {
HWY_EXPORT(adam_kernel);

void update(const AdamStep& rule, const kernels::UpdateScale& scale, const kernels::ParameterSlice& slice) {
  require(rule.number >= 1, "adam counts steps from 1");
  HWY_DYNAMIC_DISPATCH(adam_kernel)(rule, scale, slice);
}

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
    mlrun::update(AdamStep{.lr = step.lr,
                           .beta1 = options_.betas[0],
                           .beta2 = options_.betas[1],
                           .eps = options_.eps,
                           .weight_decay = step.decay ? options_.weight_decay : 0,
                           .decoupled = decoupled_,
                           .number = step.number},
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
#endif
