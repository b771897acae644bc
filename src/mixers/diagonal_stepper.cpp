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

void DiagonalStepper::extend(const float* u, int64_t length, float* y) {
  const int64_t rows = length * count_, position = count_ * 2 * states_;
  for (Tensor* room : {&input_, &skipped_}) fit_rows(*room, rows);
  float* input = input_.data<float>();
  packed_.in(u, rows, input);
  for (int64_t t = 0; t < length; ++t, input += position) {
    kernels::diagonal_scan_step(packed_.lambda.data<float>(), input, count_, states_, state_.data<float>());
    std::copy_n(state_.data<float>(), position, input);
    passed();
  }
  float* skipped = skipped_.data<float>();
  const float* d = packed_.skip.data<float>();
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t k = 0; k < width_; ++k) skipped[i * width_ + k] = d[k] * u[i * width_ + k];
  }
  packed_.out(input_.data<float>(), rows, y, skipped);
  packed_.output(y, rows, width_);
}

Variable read_states(const Variable& x, const Variable& c, const Variable& skip, const Variable& u) {
  return ops::add(ops::linear(x, c), ops::mul(u, skip));
}

int64_t sequences_in_cache(int64_t length, int64_t states) {
  constexpr int64_t kNumbers = (int64_t{1} << 20) / 4;
  return std::clamp(kNumbers / std::max<int64_t>(1, 4 * length * states), int64_t{2}, int64_t{4});
}

}  // namespace mlrun
