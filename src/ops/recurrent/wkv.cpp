#include "ops/recurrent/wkv.hpp"

#include "base/error.hpp"
#include "kernels/recurrent/token_shift.hpp"
#include "kernels/recurrent/wkv.hpp"
#include "ops/gradient_room.hpp"

namespace mlrun::ops {
namespace {

void check(const Tensor& x, const Tensor& of_channels) {
  require(x.rank() == 3 && of_channels.shape() == Shape({x.dim(2)}), "{} with {} for its channels",
          to_string(x.shape()), to_string(of_channels.shape()));
}

}  // namespace

Variable wkv(const Variable& k, const Variable& v, const Variable& w, const Variable& u) {
  const Tensor K = k.value(), V = v.value(), W = w.value(), U = u.value();
  check(K, W);
  check(V, U);
  require(K.shape() == V.shape(), "keys {} and values {}", to_string(K.shape()), to_string(V.shape()));
  const kernels::WkvShape shape = {K.dim(0), K.dim(1), K.dim(2)};
  Tensor y(K.shape());
  kernels::wkv(shape, K.data<float>(), V.data<float>(), W.data<float>(), U.data<float>(), y.data<float>());
  return record_joint(y, {k, v, w, u}, [=](const Tensor& dy, std::vector<Destination>& to) {
    Tensor dk = room_for(to[0], K.shape()), dv = room_for(to[1], V.shape());
    Tensor dw = zeroed_room_for(to[2], W.shape()), du = zeroed_room_for(to[3], U.shape());
    kernels::wkv_gradient(shape, K.data<float>(), V.data<float>(), W.data<float>(), U.data<float>(), y.data<float>(),
                          dy.data<float>(), {dk.data<float>(), dv.data<float>(), dw.data<float>(), du.data<float>()});
    add_gradient(to[0], dk);
    add_gradient(to[1], dv);
    add_gradient(to[2], dw);
    add_gradient(to[3], du);
  });
}

Variable token_shift(const Variable& x, const Variable& mix) {
  const Tensor X = x.value(), M = mix.value();
  check(X, M);
  Tensor y(X.shape());
  kernels::token_shift(X.dim(0), X.dim(1), X.dim(2), X.data<float>(), M.data<float>(), y.data<float>());
  return record_joint(y, {x, mix}, [=](const Tensor& dy, std::vector<Destination>& to) {
    Tensor dx = room_for(to[0], X.shape()), dm = zeroed_room_for(to[1], M.shape());
    kernels::token_shift_gradient(X.dim(0), X.dim(1), X.dim(2), X.data<float>(), M.data<float>(), dy.data<float>(),
                                  dx.data<float>(), dm.data<float>());
    add_gradient(to[0], dx);
    add_gradient(to[1], dm);
  });
}

}  // namespace mlrun::ops
