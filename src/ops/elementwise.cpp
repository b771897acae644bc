#include "ops/elementwise.hpp"

#include "kernels/vector/broadcast.hpp"
#include "ops/activation.hpp"

namespace mlrun::ops {

using kernels::Function;
using kernels::sum_to_shape;

// y = a + b
Variable add(const Variable& a, const Variable& b) {
  return record(kernels::add(a.value(), b.value()),
                {{a, [s = a.shape()](const Tensor& dy) { return sum_to_shape(dy, s); }},
                 {b, [s = b.shape()](const Tensor& dy) { return sum_to_shape(dy, s); }}});
}

// y = a - b
Variable sub(const Variable& a, const Variable& b) {
  return record(kernels::sub(a.value(), b.value()),
                {{a, [s = a.shape()](const Tensor& dy) { return sum_to_shape(dy, s); }},
                 {b, [s = b.shape()](const Tensor& dy) { return kernels::affine(sum_to_shape(dy, s), -1.0f); }}});
}

// y = a b; da = dy b, db = dy a
Variable mul(const Variable& a, const Variable& b) {
  const Tensor A = a.value(), B = b.value();
  return record(kernels::mul(A, B),
                {{a, [B, s = a.shape()](const Tensor& dy) { return sum_to_shape(kernels::mul(dy, B), s); }},
                 {b, [A, s = b.shape()](const Tensor& dy) { return sum_to_shape(kernels::mul(dy, A), s); }}});
}

// y = a / b; da = dy / b, db = -dy y / b
Variable div(const Variable& a, const Variable& b) {
  const Tensor B = b.value(), Y = kernels::div(a.value(), B);
  return record(Y, {{a, [B, s = a.shape()](const Tensor& dy) { return sum_to_shape(kernels::div(dy, B), s); }},
                    {b, [B, Y](const Tensor& dy) {
                       const Tensor db = sum_to_shape(kernels::div(kernels::mul(dy, Y), B), B.shape());
                       return kernels::affine(db, -1.0f);
                     }}});
}

Variable affine(const Variable& x, float a, float b) {
  return record(kernels::affine(x.value(), a, b), {{x, [a](const Tensor& dy) { return kernels::affine(dy, a); }}});
}

Variable scale(const Variable& x, float a) { return affine(x, a, 0.0f); }
Variable negate(const Variable& x) { return affine(x, -1.0f, 0.0f); }

Variable exp(const Variable& x) { return activation(Function::kExp, x); }
Variable log(const Variable& x) { return activation(Function::kLog, x); }
Variable sqrt(const Variable& x) { return activation(Function::kSqrt, x); }
Variable square(const Variable& x) { return activation(Function::kSquare, x); }
Variable clamp(const Variable& x, float least, float most) { return activation(Function::kClamp, x, least, most); }

}  // namespace mlrun::ops
