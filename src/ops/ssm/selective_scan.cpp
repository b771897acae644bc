#include "ops/ssm/selective_scan.hpp"

#include "base/error.hpp"
#include "kernels/ssm/selective_scan.hpp"
#include "kernels/vector/elementwise.hpp"
#include "ops/gradient_room.hpp"

namespace mlrun::ops {
namespace {

// Turned back, [states, padded] to [channels, states].
void turn_back(const Tensor& turned, Tensor& a) {
  const int64_t channels = a.dim(0), states = a.dim(1), padded = turned.dim(1);
  for (int64_t k = 0; k < channels; ++k) {
    for (int64_t n = 0; n < states; ++n) a.data<float>()[k * states + n] = turned.data<float>()[n * padded + k];
  }
}

}  // namespace

Variable selective_scan(const Variable& u, const Variable& delta, const Variable& a, const Variable& b,
                        const Variable& c, const Variable& skip) {
  const std::vector<Variable> inputs = {u, delta, a, b, c, skip};
  const Tensor U = u.value(), Delta = delta.value(), B = b.value(), C = c.value(), D = skip.value();
  require(U.rank() == 3 && Delta.shape() == U.shape() && a.value().rank() == 2 && a.dim(0) == U.dim(2) &&
              B.shape() == Shape({U.dim(0), U.dim(1), a.dim(1)}) && C.shape() == B.shape() && D.count() == U.dim(2),
          "a selective scan of {}, steps {}, poles {}, B {}, C {}, skip {}", to_string(U.shape()),
          to_string(Delta.shape()), to_string(a.shape()), to_string(B.shape()), to_string(C.shape()),
          to_string(D.shape()));
  const kernels::ScanShape shape = {U.dim(0), U.dim(1), U.dim(2), a.dim(1)};
  const Tensor poles = kernels::turned_poles(a.value());
  const auto in = [=] {
    return kernels::ScanInputs{U.data<float>(), Delta.data<float>(), poles.data<float>(),
                               B.data<float>(), C.data<float>(),     D.data<float>()};
  };
  bool learns = false;
  for (const Variable& x : inputs) learns = learns || x.needs_gradient();
  Tensor y(U.shape()), borders;
  if (learns) borders = Tensor({shape.border_count()});
  kernels::selective_scan(shape, in(), y.data<float>(), learns ? borders.data<float>() : nullptr);
  return record_joint(y, inputs, [=](const Tensor& dy, std::vector<Destination>& to) {
    const std::vector<Shape> shapes = {U.shape(), U.shape(), {shape.channels, shape.states},
                                       B.shape(), B.shape(), {shape.channels}};
    std::vector<Tensor> d;
    for (size_t i = 0; i < shapes.size(); ++i) d.push_back(room_for(to[i], shapes[i]));
    Tensor d_poles = Tensor::zeros(poles.shape());
    d[5].fill(0);
    kernels::selective_scan_gradient(shape, in(), dy.data<float>(), borders.data<float>(),
                                     {d[0].data<float>(), d[1].data<float>(), d[3].data<float>(), d[4].data<float>(),
                                      d_poles.data<float>(), d[5].data<float>()});
    turn_back(d_poles, d[2]);
    for (size_t i = 0; i < d.size(); ++i) add_gradient(to[i], d[i]);
  });
}

}  // namespace mlrun::ops
