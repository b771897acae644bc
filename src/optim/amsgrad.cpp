// AMSGrad (Reddi, Kale & Kumar 2018, algorithm 2), as in PyTorch: Adam whose second moment never shrinks, so that rates
// do not grow again. t = number of the step, from 1.
//   g = scale * gradient + weight_decay * w;  m = beta1 m + (1 - beta1) g;  v = beta2 v + (1 - beta2) g^2
//   most = max(most, v);  w -= lr / (1 - beta1^t) * m / (sqrt(most / (1 - beta2^t)) + eps)
#include <cmath>

#include "optim/optimizer.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "optim/amsgrad.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
//
#include "kernels/optimizer/element_rule.hpp"

HWY_BEFORE_NAMESPACE();
namespace mlrun::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
using kernels::HWY_NAMESPACE::set;
using kernels::HWY_NAMESPACE::update_all;
using kernels::HWY_NAMESPACE::simd::V;

void amsgrad_kernel(const MomentOptions& rule, const UpdateStep& step, const kernels::ParameterSlice& slice) {
  const double t = static_cast<double>(step.number), b1 = rule.betas[0], b2 = rule.betas[1];
  const V size = set(step.lr / (1 - std::pow(b1, t))), root = set(1 / std::sqrt(1 - std::pow(b2, t)));
  const V beta1 = set(b1), beta2 = set(b2), fresh1 = set(1 - b1), fresh2 = set(1 - b2);
  const V eps = set(rule.eps), decay = set(step.decay ? rule.weight_decay : 0);
  update_all<3>(slice, step.scale, [&](V w, V g, V* s) HWY_ATTR {
    V &m = s[0], &v = s[1], &most = s[2];
    g = hn::MulAdd(decay, w, g);
    m = hn::MulAdd(beta1, m, hn::Mul(fresh1, g));
    v = hn::MulAdd(beta2, v, hn::Mul(fresh2, hn::Mul(g, g)));
    most = hn::Max(most, v);
    return hn::Sub(w, hn::Div(hn::Mul(size, m), hn::MulAdd(hn::Sqrt(most), root, eps)));
  });
}

}  // namespace mlrun::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mlrun {
HWY_EXPORT(amsgrad_kernel);

namespace {

class AmsGrad : public Optimizer {
 public:
  struct Options : MomentOptions {
    explicit Options(config::Reader& reader) : MomentOptions(reader, 1e-3, {0.9, 0.999}) {}
  };

  explicit AmsGrad(const Options& options) : options_(options) {}
  double lr() const override { return options_.lr; }
  std::vector<std::string> slots() const override { return {"m", "v", "most"}; }
  void update(const UpdateStep& step, const kernels::ParameterSlice& slice) const override {
    HWY_DYNAMIC_DISPATCH(amsgrad_kernel)(options_, step, slice);
  }

 private:
  Options options_;
};

[[maybe_unused]] const bool registered =
    register_optimizer<AmsGrad>("amsgrad", "Adam whose second moment never shrinks (Reddi, Kale & Kumar 2018)");

}  // namespace

}  // namespace mlrun
#endif
