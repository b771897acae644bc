#include "ops/ssm/diagonal_ssm.hpp"

#include <array>

#include "base/error.hpp"
#include "kernels/vector/elementwise.hpp"

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
  return record_joint(y, {u, s.log_dt, s.log_decay, s.frequency, s.c, s.d},
                      [U, s, discretisation](const Tensor& dy, std::vector<Destination>& to) {
                        // The kernel adds to the parameters' gradients, all of them or none, and overwrites the
                        // input's.
                        constexpr size_t kParameters = 5;
                        const Variable* const values[kParameters] = {&s.log_dt, &s.log_decay, &s.frequency, &s.c, &s.d};
                        std::array<Tensor, kParameters> parameters;
                        bool any = false;
                        for (size_t i = 0; i < kParameters; ++i) any = any || to[i + 1].needed;
                        for (size_t i = 0; any && i < kParameters; ++i) {
                          Destination& destination = to[i + 1];
                          if (destination.needed && !destination.accumulate) destination.tensor.fill(0);
                          parameters[i] = destination.needed ? destination.tensor : Tensor::zeros(values[i]->shape());
                        }
                        const auto place = [](Tensor& t) { return t.defined() ? t.data<float>() : nullptr; };
                        Tensor du;
                        if (to[0].needed) du = to[0].accumulate ? Tensor(U.shape()) : to[0].tensor;
                        kernels::diagonal_ssm_gradient(
                            kernel_form(s, discretisation), U.data<float>(), dy.data<float>(), U.dim(0), U.dim(1),
                            {place(du), place(parameters[0]), place(parameters[1]), place(parameters[2]),
                             place(parameters[3]), place(parameters[4])});
                        if (to[0].needed && to[0].accumulate) kernels::add_to(to[0].tensor, du);
                      });
}

}  // namespace mlrun::ops
