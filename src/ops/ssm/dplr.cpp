#include "ops/ssm/dplr.hpp"

#include "base/error.hpp"
#include "ops/ssm/kernel_gradient.hpp"

namespace mlrun::ops {
namespace {

kernels::Dplr kernel_form(const std::vector<Variable>& v) {  // of u and the parameters
  const auto data = [&](size_t i) { return v[i].value().data<float>(); };
  return {v[2].dim(0), v[2].dim(1), data(1), data(2), data(3), data(4), data(5), data(6), data(7)};
}

}  // namespace

Variable dplr_ssm(const Variable& u, const DplrSystem& s) {
  const std::vector<Variable> inputs = {u, s.log_dt, s.log_decay, s.frequency, s.p, s.b, s.c, s.d};
  const Shape& poles = s.log_decay.shape();
  require(poles.size() == 2 && u.shape().size() == 3 && u.dim(2) == poles[0], "a DPLR system of poles {} for {}",
          to_string(poles), to_string(u.shape()));
  for (size_t i = 1; i < inputs.size(); ++i) {
    const Shape expected = i == 1 || i == 7 ? Shape({poles[0]}) : i < 4 ? poles : Shape({2, poles[0], poles[1]});
    require(inputs[i].shape() == expected, "part {} of a DPLR system is {}", i, to_string(inputs[i].shape()));
  }
  Tensor y(u.shape());
  kernels::dplr_ssm(kernel_form(inputs), u.value().data<float>(), u.dim(0), u.dim(1), y.data<float>());
  return record_joint(y, inputs, [inputs](const Tensor& dy, std::vector<Destination>& to) {
    KernelGradient gradient(inputs, to);
    kernels::dplr_ssm_gradient(
        kernel_form(inputs), inputs[0].value().data<float>(), dy.data<float>(), inputs[0].dim(0), inputs[0].dim(1),
        {gradient.input(), gradient.parameter(1), gradient.parameter(2), gradient.parameter(3), gradient.parameter(4),
         gradient.parameter(5), gradient.parameter(6), gradient.parameter(7)});
    gradient.finish();
  });
}

}  // namespace mlrun::ops
