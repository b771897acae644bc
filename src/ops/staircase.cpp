#include "ops/staircase.hpp"

#include <algorithm>
#include <memory>

#include "base/error.hpp"
#include "kernels/profile.hpp"
#include "kernels/vector/reduce.hpp"
#include "ops/product_format.hpp"

namespace mlrun::ops {
namespace {

// The kernel leaves numbers behind the staircase alone where it can. A leaf's window is 0 there since it was made,
// since no other rule writes to the gradient of such a weight; any other destination may hold anything.
void clear_behind(const kernels::Staircase& staircase, Tensor& dw) {
  float* row = dw.data<float>();
  for (const int64_t limit : staircase.limits()) {
    std::fill(row + limit, row + staircase.inputs(), 0.0f);
    row += staircase.inputs();
  }
}

double flops(const kernels::Staircase& staircase, int64_t rows) {
  double used = 0;
  for (const int64_t limit : staircase.limits()) used += static_cast<double>(limit);
  return 2 * used * static_cast<double>(rows);
}

}  // namespace

// y = x W^T + b over k < limit_r: dx = dy W, dW = dy^T x in front of the staircase and 0 behind, db = sum dy
Variable staircase_linear(const Variable& x, const Variable& w, const Variable& b, StaircasePtr staircase) {
  const int64_t in = staircase->inputs(), out = staircase->outputs();
  require(x.value().rank() == 2 && x.dim(1) == in && w.shape() == Shape({out, in}) &&
              (!b.defined() || b.value().count() == out),
          "a staircase of {} with x {} and a weight {}", to_string({out, in}), to_string(x.shape()),
          to_string(w.shape()));
  const Tensor X = as_operand(x.value()), W = as_operand(w.value());
  const int64_t n = X.dim(0);
  Tensor y({n, out});
  {
    const kernels::profile::Scope scope("staircase", "own", flops(*staircase, n), 0);
    kernels::staircase_forward(*staircase, kernels::operand_of(X), kernels::operand_of(W),
                               b.defined() ? b.value().data<float>() : nullptr, y.data<float>(), n);
  }
  std::vector<Input> inputs = {
      {x, Rule::into([W, staircase, n](const Tensor& dy, Destination& to) {
         const kernels::profile::Scope scope("staircase gradient", "own", flops(*staircase, n), 0);
         kernels::staircase_backward_data(*staircase, kernels::operand_of(as_operand_beside(W, dy)),
                                          kernels::operand_of(W), to.tensor.data<float>(), n,
                                          to.accumulate ? 1.0f : 0.0f);
       })},
      {w, Rule::into([X, staircase, n](const Tensor& dy, Destination& to) {
         const kernels::profile::Scope scope("staircase gradient", "own", flops(*staircase, n), 0);
         if (!to.accumulate && !to.windowed) clear_behind(*staircase, to.tensor);
         kernels::staircase_backward_weights(*staircase, kernels::operand_of(as_operand_beside(X, dy)),
                                             kernels::operand_of(X), to.tensor.data<float>(), n,
                                             to.accumulate ? 1.0f : 0.0f);
       })}};
  if (b.defined()) {
    inputs.push_back(
        {b, Rule::into([](const Tensor& dy, Destination& to) { kernels::sum_rows(to.tensor, dy, to.accumulate); })});
  }
  return record(y, std::move(inputs));
}

}  // namespace mlrun::ops
