#include "ops/conv.hpp"

#include <cstring>

#include "base/error.hpp"
#include "kernels/reduce.hpp"

namespace mlrun::ops {

// y[p, o] = b_o + sum_{t, i} x[p + t, i] w[t, i, o]:
// dx[p, i] = sum_{t, o} dy[p - t, o] w[t, i, o], dw[t, i, o] = sum_p x[p + t, i] dy[p, o], db = sum_p dy
Variable conv(const Variable& x, const Variable& w, const Variable& b, const kernels::Outline& outline,
              const ConvOptions& options) {
  const Tensor X = x.value(), W = w.value();
  require(X.rank() == 4 && W.rank() >= 3 && W.dim(-2) == X.dim(3), "convolution of {} with a kernel {}",
          to_string(X.shape()), to_string(W.shape()));
  const kernels::ConvShape shape = {X.dim(1), X.dim(2), X.dim(3), W.dim(-1), outline};
  const int64_t used = kernels::taps_of(outline) * shape.in * shape.out;
  require(used <= W.count(), "an outline of {} taps for a kernel {}", kernels::taps_of(outline), to_string(W.shape()));
  const int64_t n = X.dim(0);
  const kernels::ConvInput input = {.relu = options.relu};
  Tensor y({n, shape.height, shape.width, shape.out});
  if (options.add.defined()) {
    require(options.add.shape() == y.shape(), "a convolution's result {} and {} to be added", to_string(y.shape()),
            to_string(options.add.shape()));
  }
  const kernels::PackedKernel kernel(shape, W.data<float>(), b.defined() ? b.value().data<float>() : nullptr);
  kernels::conv(kernel, X.data<float>(), n, input,
                {.add = options.add.defined() ? options.add.value().data<float>() : nullptr}, y.data<float>());
  std::vector<Input> inputs = {
      {x, Rule::into([X, W, shape, n, input](const Tensor& dy, Destination& to) {
         float* dx = to.tensor.data<float>();
         kernels::conv(kernels::PackedKernel::turned(shape, W.data<float>()), dy.data<float>(), n, {},
                       {.add = to.accumulate ? dx : nullptr, .relu_mask = input.relu ? X.data<float>() : nullptr}, dx);
       })},
      {w, Rule::into([X, shape, n, input, used](const Tensor& dy, Destination& to) {
         float* dw = to.tensor.data<float>();
         kernels::conv_weight_gradient(shape, X.data<float>(), dy.data<float>(), n, input, to.accumulate, dw);
         if (!to.accumulate) std::memset(dw + used, 0, static_cast<size_t>(to.tensor.count() - used) * sizeof(float));
       })}};
  if (b.defined()) {
    inputs.push_back({b, Rule::into([out = shape.out](const Tensor& dy, Destination& to) {
                        kernels::sum_rows(to.tensor, dy.reshape({dy.count() / out, out}), to.accumulate);
                      })});
  }
  if (options.add.defined()) inputs.push_back({options.add, [](const Tensor& dy) { return dy; }});
  return record(y, std::move(inputs));
}

}  // namespace mlrun::ops
