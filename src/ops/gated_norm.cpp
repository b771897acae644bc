#include "ops/gated_norm.hpp"

#include "base/error.hpp"
#include "kernels/vector/elementwise.hpp"
#include "kernels/vector/gated_norm.hpp"

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
    std::vector<Tensor> d;
    for (const Tensor& of : {X, Z, G}) {
      const Destination& place = to[d.size()];
      d.push_back(place.needed && !place.accumulate ? place.tensor : Tensor(of.shape()));
    }
    d[2].fill(0);
    kernels::gated_norm_gradient(X.data<float>(), Z.data<float>(), G.data<float>(), scale.data<float>(),
                                 dy.data<float>(), rows, width,
                                 {d[0].data<float>(), d[1].data<float>(), d[2].data<float>()});
    for (size_t i = 0; i < 3; ++i)
      if (to[i].needed && to[i].accumulate) kernels::add_to(to[i].tensor, d[i]);
  });
}

}  // namespace mlrun::ops
