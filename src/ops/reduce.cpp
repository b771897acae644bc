#include "ops/reduce.hpp"

#include "kernels/vector/broadcast.hpp"
#include "kernels/vector/elementwise.hpp"

namespace mlrun::ops {
namespace {

// The shape with 1 for every reduced axis: what broadcasts back to it.
Shape kept_shape(Shape shape, const kernels::Axes& axes) {
  const auto rank = static_cast<int64_t>(shape.size());
  for (const int64_t axis : axes) shape[static_cast<size_t>(axis < 0 ? axis + rank : axis)] = 1;
  return shape;
}

Variable scaled_total(const Variable& x, double factor) {
  Tensor y{Shape{}};
  *y.data<float>() = static_cast<float>(kernels::total(x.value()) * factor);
  return record(y, {{x, [s = x.shape(), factor](const Tensor& dy) {
                       return Tensor::full(s, static_cast<float>(static_cast<double>(*dy.data<float>()) * factor));
                     }}});
}

}  // namespace

// y = sum x: dx = dy everywhere
Variable sum(const Variable& x) { return scaled_total(x, 1.0); }
// y = sum x / n: dx = dy / n everywhere
Variable mean(const Variable& x) { return scaled_total(x, 1.0 / static_cast<double>(x.value().count())); }

Variable sum(const Variable& x, const kernels::Axes& axes, bool keep) {
  return record(kernels::sum(x.value(), axes, keep),
                {{x, [s = x.shape(), kept = kept_shape(x.shape(), axes)](const Tensor& dy) {
                    return kernels::broadcast_to(dy.reshape(kept), s);
                  }}});
}

Variable mean(const Variable& x, const kernels::Axes& axes, bool keep) {
  const Shape kept = kept_shape(x.shape(), axes);
  const float factor = static_cast<float>(count_of(kept)) / static_cast<float>(x.value().count());
  return record(kernels::mean(x.value(), axes, keep), {{x, [s = x.shape(), kept, factor](const Tensor& dy) {
                                                          const Tensor dx = kernels::affine(dy.reshape(kept), factor);
                                                          return kernels::broadcast_to(dx, s);
                                                        }}});
}

}  // namespace mlrun::ops
