#include "ops/conv/causal_taps.hpp"

#include "base/error.hpp"
#include "kernels/conv/causal_taps.hpp"
#include "ops/gradient_room.hpp"

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
    Tensor dx = room_for(to[0], X.shape()), dw = zeroed_room_for(to[1], W.shape()),
           db = zeroed_room_for(to[2], B.shape());
    kernels::causal_taps_gradient(shape, {X.data<float>(), all, row}, W.data<float>(), B.data<float>(),
                                  {dy.data<float>(), all, row},
                                  {{dx.data<float>(), all, row}, dw.data<float>(), db.data<float>()});
    add_gradient(to[0], dx);
    add_gradient(to[1], dw);
    add_gradient(to[2], db);
  });
}

}  // namespace mlrun::ops
