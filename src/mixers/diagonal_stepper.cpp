#include "mixers/diagonal_stepper.hpp"

#include <algorithm>

#include "kernels/ssm/diagonal_scan.hpp"
#include "ops/elementwise.hpp"
#include "ops/linear.hpp"

namespace mlrun {

DiagonalStepper::DiagonalStepper(const PackedDiagonal& packed, int64_t count)
    : packed_(packed),
      count_(count),
      width_(packed.in.in()),
      states_(packed.in.out() / 2),
      state_(Tensor::zeros({count, 2 * states_})),
      input_({count, 2 * states_}),
      skipped_({count, width_}) {}

void DiagonalStepper::step(const float* u, float* y) {
  packed_.in(u, count_, input_.data<float>());
  kernels::diagonal_scan_step(packed_.lambda.data<float>(), input_.data<float>(), count_, states_,
                              state_.data<float>());
  float* skipped = skipped_.data<float>();
  const float* d = packed_.skip.data<float>();
  for (int64_t i = 0; i < count_; ++i) {
    for (int64_t k = 0; k < width_; ++k) skipped[i * width_ + k] = d[k] * u[i * width_ + k];
  }
  packed_.out(state_.data<float>(), count_, y, skipped);
  packed_.output(y, count_, width_);
}

Variable read_states(const Variable& x, const Variable& c, const Variable& skip, const Variable& u) {
  return ops::add(ops::linear(x, c), ops::mul(u, skip));
}

int64_t sequences_in_cache(int64_t length, int64_t states) {
  constexpr int64_t kNumbers = (int64_t{1} << 20) / 4;
  return std::clamp(kNumbers / std::max<int64_t>(1, 4 * length * states), int64_t{2}, int64_t{4});
}

}  // namespace mlrun
