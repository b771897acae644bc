#include "ops/nade.hpp"

#include <memory>

#include "base/error.hpp"
#include "kernels/nade/nade.hpp"
#include "kernels/profile.hpp"

namespace mlrun::ops {

// One kernel call gives all four gradients, and it adds to all of them or to none. Where that does not fit (one is not
// wanted, or only some are there already) the gradients are made aside first.
Variable nade(const Tensor& x, const Variable& w, const Variable& c, const Variable& v, const Variable& b) {
  const Tensor W = w.value(), C = c.value(), V = v.value(), B = b.value();
  const int64_t d = B.count(), h = C.count();
  require(x.rank() == 2 && x.dim(1) == d && W.shape() == Shape({d, h}) && V.shape() == W.shape(),
          "nade of {} with w {}, c {}, v {}, b {}", to_string(x.shape()), to_string(W.shape()), to_string(C.shape()),
          to_string(V.shape()), to_string(B.shape()));
  const auto weights = [W, C, V, B, d, h] {
    return kernels::NadeWeights{.pixels = d,
                                .hidden = h,
                                .w = W.data<float>(),
                                .c = C.data<float>(),
                                .v = V.data<float>(),
                                .b = B.data<float>()};
  };
  const bool wanted = w.needs_gradient() || c.needs_gradient() || v.needs_gradient() || b.needs_gradient();
  const auto tape = wanted ? std::make_shared<kernels::NadeTape>() : nullptr;
  Tensor y(x.shape());
  {
    const kernels::profile::Scope scope("nade", "own", 0, 0);
    kernels::nade_forward(weights(), x.data<int32_t>(), x.dim(0), y.data<float>(), tape.get());
  }
  return record_joint(y, {w, c, v, b}, [weights, tape](const Tensor& dy, std::vector<Destination>& to) {
    const kernels::profile::Scope scope("nade gradient", "own", 0, 0);
    const kernels::NadeWeights given = weights();
    bool direct = true;
    for (const Destination& t : to) direct = direct && t.needed && t.accumulate == to[0].accumulate;
    const int64_t matrix = given.pixels * given.hidden;
    const int64_t counts[] = {matrix, given.hidden, matrix, given.pixels};
    std::vector<Tensor> result;
    for (size_t i = 0; i < 4; ++i) result.push_back(direct ? to[i].tensor : Tensor({counts[i]}));
    const kernels::NadeGradients gradients{result[0].data<float>(), result[1].data<float>(), result[2].data<float>(),
                                           result[3].data<float>()};
    kernels::nade_backward(given, *tape, dy.data<float>(), gradients, direct && to[0].accumulate ? 1.0f : 0.0f);
    for (size_t i = 0; !direct && i < 4; ++i) to[i].put(result[i]);
  });
}

}  // namespace mlrun::ops
