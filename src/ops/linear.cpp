#include "ops/linear.hpp"

#include <utility>
#include <vector>

#include "base/error.hpp"
#include "kernels/conv/conv.hpp"
#include "kernels/vector/broadcast.hpp"
#include "kernels/vector/elementwise.hpp"
#include "kernels/vector/reduce.hpp"
#include "kernels/vector/transpose.hpp"
#include "ops/gradient_room.hpp"
#include "ops/product_format.hpp"

namespace mlrun::ops {
namespace {

constexpr Transpose kNo = Transpose::kNo, kYes = Transpose::kYes;
Transpose other(Transpose t) { return t == kNo ? kYes : kNo; }

// [..., n] as [rows, n]
Tensor rows_of(const Tensor& x) {
  const int64_t n = x.dim(-1);
  return x.reshape({n == 0 ? 0 : x.count() / n, n});
}

// y = x W^T + b: x[rows, in], W[out, in] -> [rows, out]
Tensor affine_rows(const Tensor& x, const Tensor& w, const Tensor& b) {
  const int64_t rows = x.dim(0), in = x.dim(1), out = w.dim(0);
  Tensor y({rows, out});
  kernels::matmul(kernels::operand_of(x), kernels::transposed(kernels::operand_of(w)), {y.data<float>(), out},
                  {rows, out, in}, {.bias = b.defined() ? b.data<float>() : nullptr});
  return y;
}

Shape with_last(const Shape& shape, int64_t last) {
  Shape result = shape;
  result.back() = last;
  return result;
}

void check(const Variable& x, const Variable& w, const Variable& b) {
  require(x.value().rank() >= 1 && w.value().rank() == 2 && x.dim(-1) == w.dim(1), "linear of {} with a weight {}",
          to_string(x.shape()), to_string(w.shape()));
  if (!b.defined()) return;
  require(b.value().count() == w.dim(0), "linear with a weight {} and a bias {}", to_string(w.shape()),
          to_string(b.shape()));
}

// db = sum over rows of dy
Rule bias_rule() {
  return Rule::into([](const Tensor& dy, Destination& to) { kernels::sum_rows(to.tensor, dy, to.accumulate); });
}

}  // namespace

// C = op(A) op(B): dA = dC op(B)^T and dB = op(A)^T dC, each transposed when its operand was.
Variable matmul(const Variable& a, const Variable& b, Transpose ta, Transpose tb) {
  const Tensor A = as_operand(a.value()), B = as_operand(b.value());
  return record(
      kernels::matmul(A, B, ta, tb),
      {{a,
        [B, ta, tb, s = a.shape()](const Tensor& dy) {
          const Tensor D = as_operand_beside(B, dy);
          return kernels::sum_to_shape(
              ta == kNo ? kernels::matmul(D, B, kNo, other(tb)) : kernels::matmul(B, D, tb, kYes), s);
        }},
       {b, [A, ta, tb, s = b.shape()](const Tensor& dy) {
          const bool tall = ta == kNo && s.size() == 2;  // one product over all rows, not a sum of many
          const Tensor D = as_operand_beside(A, dy), left = tall ? rows_of(A) : A, right = tall ? rows_of(D) : D;
          return kernels::sum_to_shape(
              tb == kNo ? kernels::matmul(left, right, other(ta), kNo) : kernels::matmul(right, left, kYes, ta), s);
        }}});
}

// y = x W^T + b: dx = dy W, dW = dy^T x, db = sum dy
Variable linear(const Variable& x, const Variable& w, const Variable& b) {
  check(x, w, b);
  const Tensor X = as_operand(rows_of(x.value())), W = as_operand(w.value());
  const Tensor y = affine_rows(X, W, b.defined() ? b.value() : Tensor());
  std::vector<Input> inputs = {
      {x, [W](const Tensor& dy) { return kernels::matmul(as_operand_beside(W, rows_of(dy)), W); }},
      {w, Rule::into([X](const Tensor& dy, Destination& to) {
         kernels::matmul_into(to.tensor, as_operand_beside(X, rows_of(dy)), X, kYes, kNo, to.accumulate ? 1.0f : 0.0f);
       })}};
  if (b.defined()) inputs.push_back({b, bias_rule()});
  return record(y.reshape(with_last(x.shape(), w.dim(0))), std::move(inputs));
}

// y = x W^T + b: dx = dy W, dW = dy^T x, db = sum dy
Variable row_linear(const Variable& x, const Variable& w, const Variable& b) {
  check(x, w, b);
  const Tensor X = rows_of(x.value()), W = w.value();
  const int64_t rows = X.dim(0), in = X.dim(1), out = W.dim(0);
  const auto shape = [rows](int64_t from, int64_t to) {
    return kernels::ConvShape{rows, 1, from, to, {{0, 0, 0}}};  // a pixel for each row
  };
  Tensor y({rows, out});
  kernels::conv(kernels::PackedKernel(shape(in, out), kernels::transpose(W).data<float>(),
                                      b.defined() ? b.value().data<float>() : nullptr),
                X.data<float>(), 1, {}, {}, y.data<float>());
  std::vector<Input> inputs = {{x, Rule::into([W, shape, in, out](const Tensor& dy, Destination& to) {
                                  float* dx = to.tensor.data<float>();
                                  kernels::conv(kernels::PackedKernel(shape(out, in), W.data<float>(), nullptr),
                                                dy.data<float>(), 1, {}, {.add = to.accumulate ? dx : nullptr}, dx);
                                })},
                               {w, Rule::into([X, shape, in, out](const Tensor& dy, Destination& to) {
                                  kernels::conv_weight_gradient(shape(out, in), dy.data<float>(), X.data<float>(), 1,
                                                                {}, to.accumulate, to.tensor.data<float>());
                                })}};
  if (b.defined()) inputs.push_back({b, bias_rule()});
  return record(y.reshape(with_last(x.shape(), out)), std::move(inputs));
}

// y = x (W * M)^T + b: dx = dy (W * M), dW = (dy^T x) * M, db = sum dy
Variable masked_linear(const Variable& x, const Variable& w, const Variable& b, const Tensor& mask) {
  check(x, w, b);
  require(mask.shape() == w.shape(), "a mask {} for a weight {}", to_string(mask.shape()), to_string(w.shape()));
  const Tensor X = as_operand(rows_of(x.value())), W = as_operand(kernels::mul(w.value(), mask));
  const Tensor y = affine_rows(X, W, b.defined() ? b.value() : Tensor());
  std::vector<Input> inputs = {
      {x, [W](const Tensor& dy) { return kernels::matmul(as_operand_beside(W, rows_of(dy)), W); }},
      {w, Rule::into([X, mask](const Tensor& dy, Destination& to) {
         // What is there already came by another way, and must not be masked with this mask.
         Tensor dw = room_for(to, to.tensor.shape());
         kernels::matmul_into(dw, as_operand_beside(X, rows_of(dy)), X, kYes, kNo);
         kernels::mul_in_place(dw, mask);
         add_gradient(to, dw);
       })}};
  if (b.defined()) inputs.push_back({b, bias_rule()});
  return record(y.reshape(with_last(x.shape(), w.dim(0))), std::move(inputs));
}

}  // namespace mlrun::ops
