#include "ops/ssm/diagonal_ssm.hpp"

#include <vector>

#include "base/error.hpp"
#include "ops/ssm/kernel_gradient.hpp"

namespace mlrun::ops {

kernels::DiagonalSsm kernel_form(const DiagonalSystem& s, Discretisation discretisation) {
  const Shape& poles = s.log_decay.shape();
  require(poles.size() == 2 && s.frequency.shape() == poles && s.log_dt.shape() == Shape({poles[0]}) &&
              s.d.shape() == s.log_dt.shape() && s.c.shape() == Shape({2, poles[0], poles[1]}),
          "a diagonal state space of poles {} with c {}", to_string(poles), to_string(s.c.shape()));
  return {poles[0],
          poles[1],
          discretisation,
          s.log_dt.value().data<float>(),
          s.log_decay.value().data<float>(),
          s.frequency.value().data<float>(),
          s.c.value().data<float>(),
          s.d.value().data<float>()};
}

Variable diagonal_ssm(const Variable& u, const DiagonalSystem& s, Discretisation discretisation) {
  const kernels::DiagonalSsm system = kernel_form(s, discretisation);
  const Tensor U = u.value();
  require(U.rank() == 3 && U.dim(2) == system.channels, "a diagonal state space of {} channels, of {}", system.channels,
          to_string(U.shape()));
  Tensor y(U.shape());
  kernels::diagonal_ssm(system, U.data<float>(), U.dim(0), U.dim(1), y.data<float>());
  const std::vector<Variable> inputs = {u, s.log_dt, s.log_decay, s.frequency, s.c, s.d};
  return record_joint(y, inputs, [U, s, inputs, discretisation](const Tensor& dy, std::vector<Destination>& to) {
    KernelGradient gradient(inputs, to);
    kernels::diagonal_ssm_gradient(kernel_form(s, discretisation), U.data<float>(), dy.data<float>(), U.dim(0),
                                   U.dim(1),
                                   {gradient.input(), gradient.parameter(1), gradient.parameter(2),
                                    gradient.parameter(3), gradient.parameter(4), gradient.parameter(5)});
    gradient.finish();
  });
}

}  // namespace mlrun::ops
