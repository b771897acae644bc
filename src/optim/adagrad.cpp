// Adagrad (Duchi et al. 2011), as in PyTorch. t = number of the step, from 1.
//   g = scale * gradient + weight_decay * w;  s += g^2;  w -= lr / (1 + (t - 1) lr_decay) * g / (sqrt(s) + eps)
#include "optim/optimizer.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "optim/adagrad.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
//
#include "kernels/optimizer/element_rule.hpp"

HWY_BEFORE_NAMESPACE();
namespace mlrun::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
using kernels::HWY_NAMESPACE::set;
using kernels::HWY_NAMESPACE::update_all;
using kernels::HWY_NAMESPACE::simd::V;

void adagrad_kernel(double rate, double epsilon, double weight_decay, const kernels::UpdateScale& scale,
                    const kernels::ParameterSlice& slice) {
  const V lr = set(rate), eps = set(epsilon), decay = set(weight_decay);
  update_all<1>(slice, scale, [&](V w, V g, V* s) HWY_ATTR {
    g = hn::MulAdd(decay, w, g);
    s[0] = hn::MulAdd(g, g, s[0]);
    return hn::Sub(w, hn::Div(hn::Mul(lr, g), hn::Add(hn::Sqrt(s[0]), eps)));
  });
}

}  // namespace mlrun::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mlrun {
HWY_EXPORT(adagrad_kernel);

namespace {

class Adagrad : public Optimizer {
 public:
  struct Options : OptimizerOptions {
    explicit Options(config::Reader& reader)
        : OptimizerOptions(reader, 0.01),
          lr_decay(
              reader.real("lr_decay", {.help = "lr is divided by 1 + steps * lr_decay", .min = 0, .fallback = 0.0})),
          eps(reader.real("eps", {.help = "added to the root of the sum of squares",
                                  .min = 0,
                                  .exclusive_min = true,
                                  .fallback = 1e-10})) {}
    double lr_decay, eps;
  };

  explicit Adagrad(const Options& options) : options_(options) {}
  double lr() const override { return options_.lr; }
  std::vector<std::string> slots() const override { return {"squares"}; }
  void update(const UpdateStep& step, const kernels::ParameterSlice& slice) const override {
    const double lr = step.lr / (1 + static_cast<double>(step.number - 1) * options_.lr_decay);
    HWY_DYNAMIC_DISPATCH(adagrad_kernel)(lr, options_.eps, step.decay ? options_.weight_decay : 0, step.scale, slice);
  }

 private:
  Options options_;
};

[[maybe_unused]] const bool registered = register_optimizer<Adagrad>("adagrad", "Adagrad (Duchi et al. 2011)");

}  // namespace

}  // namespace mlrun
#endif
