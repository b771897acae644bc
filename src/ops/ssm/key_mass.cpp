#include "ops/ssm/key_mass.hpp"

#include "base/error.hpp"
#include "kernels/ssm/key_mass.hpp"
#include "ops/gradient_room.hpp"

namespace mlrun::ops {

Variable divide_by_key_mass(const Variable& u, const Variable& q, const Variable& k, int64_t heads) {
  const Tensor U = u.value(), Q = q.value(), K = k.value();
  require(U.rank() == 3 && Q.shape() == K.shape() && Q.rank() == 3 && Q.dim(0) == U.dim(0) && Q.dim(1) == U.dim(1) &&
              heads > 0 && Q.dim(2) % heads == 0 && U.dim(2) % heads == 0,
          "{} over the mass of {} and {}, {} heads", to_string(U.shape()), to_string(Q.shape()), to_string(K.shape()),
          heads);
  const kernels::KeyMassShape shape = {U.dim(0), U.dim(1), heads, Q.dim(2) / heads, U.dim(2) / heads};
  Tensor y(U.shape()), mass({U.dim(0), U.dim(1), heads});
  kernels::divide_by_key_mass(shape, Q.data<float>(), K.data<float>(), U.data<float>(), y.data<float>(),
                              mass.data<float>());
  return record_joint(y, {u, q, k}, [=](const Tensor& dy, std::vector<Destination>& to) {
    Tensor du = room_for(to[0], y.shape()), dq = room_for(to[1], Q.shape()), dk = room_for(to[2], K.shape());
    kernels::divide_by_key_mass_gradient(shape, Q.data<float>(), K.data<float>(), y.data<float>(), mass.data<float>(),
                                         dy.data<float>(), {dq.data<float>(), dk.data<float>(), du.data<float>()});
    add_gradient(to[0], du);
    add_gradient(to[1], dq);
    add_gradient(to[2], dk);
  });
}

}  // namespace mlrun::ops
