#include "optim/sgd.hpp"

#include "optim/optimizer.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "optim/sgd.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
//
#include "kernels/optimizer/element_rule.hpp"

HWY_BEFORE_NAMESPACE();
namespace mlrun::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
using kernels::HWY_NAMESPACE::set;
using kernels::HWY_NAMESPACE::update_all;
using kernels::HWY_NAMESPACE::simd::V;

void sgd_kernel(const SgdStep& rule, const kernels::UpdateScale& scale, const kernels::ParameterSlice& slice) {
  const V lr = set(rule.lr), momentum = set(rule.momentum), decay = set(rule.weight_decay);
  if (rule.momentum == 0) {
    return update_all<0>(slice, scale,
                         [&](V w, V g, V*) HWY_ATTR { return hn::NegMulAdd(lr, hn::MulAdd(decay, w, g), w); });
  }
  update_all<1>(slice, scale, [&, nesterov = rule.nesterov](V w, V g, V* s) HWY_ATTR {
    V& u = s[0];
    g = hn::MulAdd(decay, w, g);
    u = hn::MulAdd(momentum, u, g);
    return hn::NegMulAdd(lr, nesterov ? hn::MulAdd(momentum, u, g) : u, w);
  });
}

}  // namespace mlrun::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mlrun {
HWY_EXPORT(sgd_kernel);

void update(const SgdStep& rule, const kernels::UpdateScale& scale, const kernels::ParameterSlice& slice) {
  HWY_DYNAMIC_DISPATCH(sgd_kernel)(rule, scale, slice);
}

namespace {

class Sgd : public Optimizer {
 public:
  struct Options : OptimizerOptions {
    explicit Options(config::Reader& reader)
        : OptimizerOptions(reader, 0.01),
          momentum(reader.real(
              "momentum", {.help = "of the velocity", .min = 0, .max = 1, .exclusive_max = true, .fallback = 0.0})),
          nesterov(reader.boolean("nesterov", {.help = "look ahead along the velocity", .fallback = false})) {
      if (nesterov && momentum == 0)
        reader.mistake("nesterov", "nesterov needs momentum", "set optim.momentum, for instance to 0.9");
    }
    double momentum;
    bool nesterov;
  };

  explicit Sgd(const Options& options) : options_(options) {}
  double lr() const override { return options_.lr; }
  std::vector<std::string> slots() const override {
    return options_.momentum > 0 ? std::vector<std::string>{"momentum"} : std::vector<std::string>{};
  }
  void update(const UpdateStep& step, const kernels::ParameterSlice& slice) const override {
    const double decay = step.decay ? options_.weight_decay : 0;
    mlrun::update(
        SgdStep{.lr = step.lr, .momentum = options_.momentum, .weight_decay = decay, .nesterov = options_.nesterov},
        step.scale, slice);
  }

 private:
  Options options_;
};

[[maybe_unused]] const bool registered =
    register_optimizer<Sgd>("sgd", "Stochastic gradient descent, momentum, Nesterov");

}  // namespace

}  // namespace mlrun
#endif
