#include "ops/ssm/delta_rule.hpp"

#include "base/error.hpp"
#include "kernels/ssm/delta_rule.hpp"
#include "ops/gradient_room.hpp"

namespace mlrun::ops {

Variable delta_rule(const Variable& q, const Variable& k, const Variable& v, const Variable& share) {
  const Tensor Q = q.value(), K = k.value(), V = v.value(), B = share.value();
  require(B.rank() == 3 && V.rank() == 3 && Q.rank() == 3 && Q.shape() == K.shape() && V.dim(0) == B.dim(0) &&
              V.dim(1) == B.dim(1) && Q.dim(0) == B.dim(0) && Q.dim(1) == B.dim(1) && V.dim(2) % B.dim(2) == 0 &&
              Q.dim(2) % B.dim(2) == 0,
          "the delta rule of {}, {}, {} and {}", to_string(Q.shape()), to_string(K.shape()), to_string(V.shape()),
          to_string(B.shape()));
  const int64_t heads = B.dim(2);
  const kernels::DeltaShape shape = {B.dim(0), B.dim(1), heads, Q.dim(2) / heads, V.dim(2) / heads};
  const auto inputs = [=] {
    return kernels::DeltaInputs{Q.data<float>(), K.data<float>(), V.data<float>(), B.data<float>()};
  };
  const bool learns = q.needs_gradient() || k.needs_gradient() || v.needs_gradient() || share.needs_gradient();
  Tensor y(V.shape()), borders;
  if (learns) borders = Tensor({shape.border_count()});
  kernels::delta_rule(shape, inputs(), y.data<float>(), learns ? borders.data<float>() : nullptr);
  return record_joint(y, {q, k, v, share}, [=](const Tensor& dy, std::vector<Destination>& to) {
    Tensor dq = room_for(to[0], Q.shape()), dk = room_for(to[1], K.shape()), dv = room_for(to[2], V.shape()),
           db = room_for(to[3], B.shape());
    kernels::delta_rule_gradient(shape, inputs(), dy.data<float>(), borders.data<float>(),
                                 {dq.data<float>(), dk.data<float>(), dv.data<float>(), db.data<float>()});
    add_gradient(to[0], dq);
    add_gradient(to[1], dk);
    add_gradient(to[2], dv);
    add_gradient(to[3], db);
  });
}

}  // namespace mlrun::ops
