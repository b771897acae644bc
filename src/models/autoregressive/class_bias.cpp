#include "models/autoregressive/class_bias.hpp"

#include "nn/initialisers.hpp"
#include "ops/elementwise.hpp"
#include "ops/embedding.hpp"
#include "ops/shape.hpp"

namespace mlrun {

ClassBias::ClassBias(const Scope& scope, int64_t classes, int64_t channels)
    : defined_(true),
      table_(scope.parameter("class_bias", {classes, channels}, "class,channel", ParameterKind::kBias,
                             initialise::zeros())) {}

Variable ClassBias::operator()(Pass& pass, const Variable& x, const Tensor& labels) const {
  const Variable bias = ops::embedding(pass(table_), labels);
  return ops::add(x, ops::reshape(bias, {x.dim(0), 1, 1, x.dim(3)}));
}

void ClassBias::add_to(float* x, int64_t pixels, int64_t count, const int32_t* labels) const {
  const int64_t width = table_.value().dim(1);
  for (int64_t p = 0; p < pixels; ++p) {
    for (int64_t i = 0; i < count; ++i, x += width) {
      const float* bias = table_.value().data<float>() + labels[i] * width;
      for (int64_t k = 0; k < width; ++k) x[k] += bias[k];
    }
  }
}

}  // namespace mlrun
