#include "ops/attention/rotary.hpp"

#include "base/error.hpp"
#include "kernels/attention/rotary.hpp"

namespace mlrun::ops {

// y = R x with R orthogonal: dx = R^T dy
Variable rotate(const Variable& x, int64_t heads, const Tensor& cosines, const Tensor& sines) {
  const Shape shape = x.shape();
  require(shape.size() == 3 && shape[2] % heads == 0 && cosines.rank() == 2 && cosines.dim(0) == shape[1] &&
              sines.shape() == cosines.shape(),
          "rotary positions of {} in {} heads, by {} and {}", to_string(shape), heads, to_string(cosines.shape()),
          to_string(sines.shape()));
  const auto turned = [=](const Tensor& from, bool back) {
    Tensor to(shape);
    kernels::rotate({shape[0], shape[1], heads, shape[2] / heads, cosines.dim(1)}, cosines.data<float>(),
                    sines.data<float>(), back, {from.data<float>(), shape[1] * shape[2], shape[2]},
                    {to.data<float>(), shape[1] * shape[2], shape[2]});
    return to;
  };
  return record(turned(x.value(), false), {{x, [turned](const Tensor& dy) { return turned(dy, true); }}});
}

}  // namespace mlrun::ops
