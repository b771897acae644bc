#include "ops/conv/conv.hpp"

#include <algorithm>
#include <cstring>

#include "base/error.hpp"
#include "kernels/conv/conv_symbols.hpp"
#include "kernels/vector/reduce.hpp"

namespace mlrun::ops {

namespace {

// db = sum of dy over pixels
Rule bias_rule(int64_t channels) {
  return Rule::into([channels](const Tensor& dy, Destination& to) {
    kernels::sum_rows(to.tensor, dy.reshape({dy.count() / channels, channels}), to.accumulate);
  });
}

// How many numbers of a kernel the outline uses; they are its first.
int64_t used_of(const kernels::ConvShape& shape, const Tensor& w) {
  const int64_t taps = kernels::taps_of(shape.outline), used = taps * shape.in * shape.out;
  require(used <= w.count(), "an outline of {} taps for a kernel {}", taps, to_string(w.shape()));
  return used;
}

// What the outline does not use of a kernel has gradient 0.
void clear_unused(Destination& dw, int64_t used) {
  if (dw.accumulate) return;
  float* rest = dw.tensor.data<float>() + used;
  std::memset(rest, 0, static_cast<size_t>(dw.tensor.count() - used) * sizeof(float));
}

const float* data_of(const Variable& v) { return v.defined() ? v.value().data<float>() : nullptr; }

}  // namespace

// y[p, o] = b_o + sum_{t, i} x[s p + t, i] w[t, i, o]:
// dx[s p + t, i] += sum_o dy[p, o] w[t, i, o], dw[t, i, o] = sum_p x[s p + t, i] dy[p, o]
Variable conv(const Variable& x, const Variable& w, const Variable& b, const kernels::Outline& outline,
              const ConvOptions& options) {
  const Tensor X = x.value(), W = w.value();
  const int64_t s = options.stride;
  require(X.rank() == 4 && W.rank() >= 3 && W.dim(-2) == X.dim(3) && X.dim(1) % s == 0 && X.dim(2) % s == 0,
          "convolution of {} with a kernel {} and a stride of {}", to_string(X.shape()), to_string(W.shape()), s);
  const kernels::ConvShape shape = {X.dim(1) / s, X.dim(2) / s, X.dim(3), W.dim(-1), outline, s};
  const int64_t used = used_of(shape, W), n = X.dim(0);
  const kernels::ConvInput input = {.relu = options.relu};
  Tensor y({n, shape.height, shape.width, shape.out});
  require(!options.add.defined() || options.add.shape() == y.shape(), "a convolution's result {} and an addend",
          to_string(y.shape()));
  kernels::conv(kernels::PackedKernel(shape, W.data<float>(), data_of(b)), X.data<float>(), n, input,
                {.add = data_of(options.add)}, y.data<float>());
  std::vector<Input> inputs = {
      {x, Rule::into([X, W, shape, n, input](const Tensor& dy, Destination& to) {
         float* dx = to.tensor.data<float>();
         kernels::conv_turned(
             kernels::TurnedKernel(shape, W.data<float>()), dy.data<float>(), n,
             {.add = to.accumulate ? dx : nullptr, .relu_mask = input.relu ? X.data<float>() : nullptr}, dx);
       })},
      {w, Rule::into([X, shape, n, input, used](const Tensor& dy, Destination& to) {
         kernels::conv_weight_gradient(shape, X.data<float>(), dy.data<float>(), n, input, to.accumulate,
                                       to.tensor.data<float>());
         clear_unused(to, used);
       })}};
  if (b.defined()) inputs.push_back({b, bias_rule(shape.out)});
  if (options.add.defined()) inputs.push_back({options.add, [](const Tensor& dy) { return dy; }});
  return record(y, std::move(inputs));
}

// y[p, o] = b_o + sum_t w[t, symbol at p + t, o]: dw[t, symbol at p + t, o] += dy[p, o]
Variable conv_symbols(const Tensor& symbols, const Variable& w, const Variable& b, const kernels::Outline& outline,
                      const Variable& add) {
  const Tensor W = w.value();
  require(symbols.rank() == 3 && W.rank() >= 3, "convolution of symbols {} with a kernel {}",
          to_string(symbols.shape()), to_string(W.shape()));
  const kernels::ConvShape shape = {symbols.dim(1), symbols.dim(2), W.dim(-2), W.dim(-1), outline, 1};
  const int64_t used = used_of(shape, W), n = symbols.dim(0);
  const int32_t* first = symbols.data<int32_t>();
  require(std::all_of(first, first + symbols.count(), [&](int32_t s) { return s >= 0 && s < shape.in; }),
          "a symbol outside an alphabet of {}", shape.in);
  Tensor y({n, shape.height, shape.width, shape.out});
  require(!add.defined() || add.shape() == y.shape(), "a convolution's result {} and an addend", to_string(y.shape()));
  kernels::conv_symbols(shape, W.data<float>(), data_of(b), first, n, data_of(add), y.data<float>());
  std::vector<Input> inputs = {{w, Rule::into([symbols, shape, n, used](const Tensor& dy, Destination& to) {
                                  float* dw = to.tensor.data<float>();
                                  if (!to.accumulate) std::fill_n(dw, used, 0.0f);
                                  kernels::conv_symbols_gradient(shape, symbols.data<int32_t>(), dy.data<float>(), n,
                                                                 dw);
                                  clear_unused(to, used);
                                })}};
  if (b.defined()) inputs.push_back({b, bias_rule(shape.out)});
  if (add.defined()) inputs.push_back({add, [](const Tensor& dy) { return dy; }});
  return record(y, std::move(inputs));
}

// y[s p + t, o] += sum_i x[p, i] w[t, o, i]: dx[p, i] = sum_{t, o} dy[s p + t, o] w[t, o, i], the convolution itself;
// dw[t, o, i] = sum_p dy[s p + t, o] x[p, i]
Variable conv_transposed(const Variable& x, const Variable& w, const Variable& b, const kernels::Outline& outline,
                         int64_t stride) {
  const Tensor X = x.value(), W = w.value();
  require(X.rank() == 4 && W.rank() >= 3 && W.dim(-1) == X.dim(3), "transposed convolution of {} with a kernel {}",
          to_string(X.shape()), to_string(W.shape()));
  const kernels::ConvShape shape = {X.dim(1), X.dim(2), W.dim(-2), W.dim(-1), outline, stride};
  const int64_t used = used_of(shape, W), n = X.dim(0);
  Tensor y({n, stride * shape.height, stride * shape.width, shape.in});
  kernels::conv_turned(kernels::TurnedKernel(shape, W.data<float>(), data_of(b)), X.data<float>(), n, {},
                       y.data<float>());
  std::vector<Input> inputs = {{x, Rule::into([W, shape, n](const Tensor& dy, Destination& to) {
                                  float* dx = to.tensor.data<float>();
                                  kernels::conv(kernels::PackedKernel(shape, W.data<float>(), nullptr),
                                                dy.data<float>(), n, {}, {.add = to.accumulate ? dx : nullptr}, dx);
                                })},
                               {w, Rule::into([X, shape, n, used](const Tensor& dy, Destination& to) {
                                  kernels::conv_weight_gradient(shape, dy.data<float>(), X.data<float>(), n, {},
                                                                to.accumulate, to.tensor.data<float>());
                                  clear_unused(to, used);
                                })}};
  if (b.defined()) inputs.push_back({b, bias_rule(shape.in)});
  return record(y, std::move(inputs));
}

}  // namespace mlrun::ops
