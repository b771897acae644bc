#include "ops/ssm/channel_decay.hpp"

#include "base/error.hpp"
#include "kernels/ssm/channel_decay.hpp"
#include "ops/gradient_room.hpp"

namespace mlrun::ops {

Variable channel_decay(const Variable& q, const Variable& k, const Variable& v, const Variable& a, int64_t heads) {
  const Tensor Q = q.value(), K = k.value(), V = v.value(), A = a.value();
  require(V.rank() == 3 && Q.rank() == 3 && Q.shape() == K.shape() && Q.shape() == A.shape() && V.dim(0) == Q.dim(0) &&
              V.dim(1) == Q.dim(1) && heads > 0 && V.dim(2) % heads == 0 && Q.dim(2) % heads == 0,
          "states of {}, {} and {} that decay by {}, {} heads", to_string(Q.shape()), to_string(K.shape()),
          to_string(V.shape()), to_string(A.shape()), heads);
  const kernels::ChannelDecayShape shape = {Q.dim(0), Q.dim(1), heads, Q.dim(2) / heads, V.dim(2) / heads};
  const auto inputs = [=] {
    return kernels::ChannelDecayInputs{Q.data<float>(), K.data<float>(), V.data<float>(), A.data<float>()};
  };
  const bool learns = q.needs_gradient() || k.needs_gradient() || v.needs_gradient() || a.needs_gradient();
  Tensor y(V.shape()), borders;
  if (learns) borders = Tensor({shape.border_count()});
  kernels::channel_decay(shape, inputs(), y.data<float>(), learns ? borders.data<float>() : nullptr);
  return record_joint(y, {q, k, v, a}, [=](const Tensor& dy, std::vector<Destination>& to) {
    Tensor dq = room_for(to[0], Q.shape()), dk = room_for(to[1], K.shape()), dv = room_for(to[2], V.shape()),
           da = room_for(to[3], A.shape());
    kernels::channel_decay_gradient(shape, inputs(), dy.data<float>(), borders.data<float>(),
                                    {dq.data<float>(), dk.data<float>(), dv.data<float>(), da.data<float>()});
    add_gradient(to[0], dq);
    add_gradient(to[1], dk);
    add_gradient(to[2], dv);
    add_gradient(to[3], da);
  });
}

}  // namespace mlrun::ops
