#include "ops/conv/causal_taps.hpp"

#include "base/error.hpp"
#include "kernels/conv/causal_taps.hpp"
#include "kernels/vector/elementwise.hpp"

namespace mlrun::ops {

Variable causal_taps(const Variable& x, const Variable& w, const Variable& bias) {
  const Tensor X = x.value(), W = w.value(), B = bias.value();
  require(X.rank() == 3 && W.rank() == 2 && W.dim(1) == X.dim(2) && B.count() == X.dim(2), "taps {} with bias {} of {}",
          to_string(W.shape()), to_string(B.shape()), to_string(X.shape()));
  const kernels::TapsShape shape = {X.dim(0), X.dim(1), X.dim(2), W.dim(0)};
  const int64_t row = shape.channels, all = shape.length * row;
  Tensor y(X.shape());
  kernels::causal_taps(shape, {X.data<float>(), all, row}, W.data<float>(), B.data<float>(),
                       {y.data<float>(), all, row});
  return record_joint(y, {x, w, bias}, [=](const Tensor& dy, std::vector<Destination>& to) {
    std::vector<Tensor> d;
    for (const Tensor& of : {X, W, B}) {
      const Destination& place = to[d.size()];
      d.push_back(place.needed && !place.accumulate ? place.tensor : Tensor(of.shape()));
    }
    d[1].fill(0);
    d[2].fill(0);
    kernels::causal_taps_gradient(shape, {X.data<float>(), all, row}, W.data<float>(), B.data<float>(),
                                  {dy.data<float>(), all, row},
                                  {{d[0].data<float>(), all, row}, d[1].data<float>(), d[2].data<float>()});
    for (size_t i = 0; i < 3; ++i)
      if (to[i].needed && to[i].accumulate) kernels::add_to(to[i].tensor, d[i]);
  });
}

}  // namespace mlrun::ops
