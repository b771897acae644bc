#include "ops/gated_norm.hpp"

#include "base/error.hpp"
#include "kernels/vector/gated_norm.hpp"
#include "ops/gradient_room.hpp"

namespace mlrun::ops {

Variable gated_norm(const Variable& x, const Variable& z, const Variable& gain, float epsilon) {
  const Tensor X = x.value(), Z = z.value(), G = gain.value();
  require(X.rank() >= 1 && Z.shape() == X.shape() && G.count() == X.dim(-1), "a gated norm of {} by {}, gain {}",
          to_string(X.shape()), to_string(Z.shape()), to_string(G.shape()));
  const int64_t width = X.dim(-1), rows = X.count() / width;
  Tensor y(X.shape()), scale({rows});
  kernels::gated_norm(X.data<float>(), Z.data<float>(), G.data<float>(), rows, width, epsilon, y.data<float>(),
                      scale.data<float>());
  return record_joint(y, {x, z, gain}, [=](const Tensor& dy, std::vector<Destination>& to) {
    Tensor dx = room_for(to[0], X.shape()), dz = room_for(to[1], Z.shape()), dg = zeroed_room_for(to[2], G.shape());
    kernels::gated_norm_gradient(X.data<float>(), Z.data<float>(), G.data<float>(), scale.data<float>(),
                                 dy.data<float>(), rows, width, {dx.data<float>(), dz.data<float>(), dg.data<float>()});
    add_gradient(to[0], dx);
    add_gradient(to[1], dz);
    add_gradient(to[2], dg);
  });
}

}  // namespace mlrun::ops
