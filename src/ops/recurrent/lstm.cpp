#include "ops/recurrent/lstm.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "kernels/product/matmul.hpp"
#include "kernels/profile.hpp"
#include "kernels/recurrent/lstm.hpp"
#include "kernels/vector/reduce.hpp"
#include "kernels/vector/steps.hpp"
#include "kernels/vector/transpose.hpp"

namespace mlrun::ops {
namespace {

using kernels::StepWeights;
using kernels::Transpose;

// Everything is kept step by step, [length, n, ..], so that the rows of a step lie together.
Tensor by_step(const Tensor& x) { return kernels::permute(x, {1, 0, 2}); }

// Products that need no step before are made for this many steps at a time, while their rows are in the caches.
constexpr int64_t kBlock = 32;

struct Sizes {
  int64_t n, length, in, k;
  int64_t rows() const { return n * length; }
};

struct States {
  Tensor x, gates, c, h;
};

States forward(const Sizes& s, const Tensor& x, const Tensor& w, const Tensor& b, const Tensor& u) {
  States states = {by_step(x), Tensor({s.length, s.n, 4 * s.k}), Tensor({s.length, s.n, s.k}),
                   Tensor({s.length, s.n, s.k})};
  float *gates = states.gates.data<float>(), *c = states.c.data<float>(), *h = states.h.data<float>();
  const StepWeights recurrent(kernels::transpose(u));
  const int64_t wide = s.n * 4 * s.k, narrow = s.n * s.k;
  for (int64_t t = 0; t < s.length; ++t, gates += wide, c += narrow, h += narrow) {
    if (t % kBlock == 0) {
      kernels::matmul({states.x.data<float>() + t * s.n * s.in, s.in}, {w.data<float>(), s.in, Transpose::kYes},
                      {gates, 4 * s.k}, {std::min(kBlock, s.length - t) * s.n, 4 * s.k, s.in},
                      {.bias = b.data<float>()});
    }
    if (t > 0) recurrent({s.n, h - narrow, s.k, gates, 4 * s.k, gates, 4 * s.k});
    kernels::LstmStep step;
    step.count = s.n;
    step.width = s.k;
    step.pre = {gates, 4 * s.k};
    if (t > 0) step.c_before = {c - narrow, s.k};
    step.gates = {gates, 4 * s.k};
    step.c = {c, s.k};
    step.h = {h, s.k};
    kernels::lstm_step(step);
  }
  return states;
}

// What steps [begin, end) give to x, W, b and U, once their d_pre is known; blocks come from the last to the first.
void leave_block(const Sizes& s, const States& states, const Tensor& w, int64_t begin, int64_t end, Tensor& dx,
                 std::vector<Destination>& to) {
  const int64_t gates = 4 * s.k, rows = (end - begin) * s.n, first = std::max<int64_t>(begin, 1);
  const float* g = states.gates.data<float>() + begin * s.n * gates;
  const auto accumulate = [&](size_t i) { return to[i].accumulate || end < s.length; };
  const auto beta = [&](size_t i) { return accumulate(i) ? 1.0f : 0.0f; };
  if (to[0].needed) {
    kernels::matmul({g, gates}, {w.data<float>(), s.in}, {dx.data<float>() + begin * s.n * s.in, s.in},
                    {rows, s.in, gates});
  }
  if (to[1].needed) {
    kernels::matmul({g, gates, Transpose::kYes}, {states.x.data<float>() + begin * s.n * s.in, s.in},
                    {to[1].tensor.data<float>(), s.in}, {gates, s.in, rows}, {.beta = beta(1)});
  }
  if (to[2].needed) {
    kernels::sum_rows(to[2].tensor, states.gates.rows(begin, end).reshape({rows, gates}), accumulate(2));
  }
  if (to[3].needed) {  // with h of the step before
    kernels::matmul({states.gates.data<float>() + first * s.n * gates, gates, Transpose::kYes},
                    {states.h.data<float>() + (first - 1) * s.n * s.k, s.k}, {to[3].tensor.data<float>(), s.k},
                    {gates, s.k, (end - first) * s.n}, {.beta = beta(3)});
  }
}

// The gates are replaced by d_pre, from the last step to the first: a graph runs backward once.
void backward(const Sizes& s, States& states, const Tensor& w, const Tensor& u, const Tensor& dy, Tensor& dx,
              std::vector<Destination>& to) {
  const StepWeights turned(u);
  const Tensor to_h = by_step(dy);
  Tensor dh({s.n, s.k}), dc = Tensor::zeros({s.n, s.k});
  const int64_t wide = s.n * 4 * s.k, narrow = s.n * s.k;
  for (int64_t t = s.length - 1; t >= 0; --t) {
    float* gates = states.gates.data<float>() + t * wide;
    const float *c = states.c.data<float>() + t * narrow, *from_above = to_h.data<float>() + t * narrow;
    const bool last = t + 1 == s.length;
    if (!last) turned({s.n, gates + wide, 4 * s.k, from_above, s.k, dh.data<float>(), s.k});
    kernels::LstmStepGradient step;
    step.count = s.n;
    step.width = s.k;
    step.gates = {gates, 4 * s.k};
    step.c = {c, s.k};
    if (t > 0) step.c_before = {c - narrow, s.k};
    step.dh = {last ? from_above : dh.data<float>(), s.k};
    step.dc = {dc.data<float>(), s.k};
    step.d_pre = {gates, 4 * s.k};
    kernels::lstm_step_gradient(step);
    if (t % kBlock == 0) leave_block(s, states, w, t, std::min(s.length, t + kBlock), dx, to);
  }
}

}  // namespace

// dx = d_pre W, dW = d_pre^T x, db = sum d_pre, and dU = d_pre^T h of the step before: each a product over many steps.
Variable lstm(const Variable& x, const Variable& w, const Variable& b, const Variable& u) {
  const Tensor X = x.value(), W = w.value(), B = b.value(), U = u.value();
  require(X.rank() == 3 && X.dim(1) > 0 && U.rank() == 2 && U.dim(0) == 4 * U.dim(1) &&
              W.shape() == Shape({U.dim(0), X.dim(2)}) && B.count() == U.dim(0),
          "an LSTM of {} with weights {}, {} and {}", to_string(X.shape()), to_string(W.shape()), to_string(B.shape()),
          to_string(U.shape()));
  const Sizes s = {X.dim(0), X.dim(1), X.dim(2), U.dim(1)};
  const double flops = 8.0 * static_cast<double>(s.rows() * s.k * s.k);
  States states;
  {
    const kernels::profile::Scope scope("lstm", "own", flops, 0);
    states = forward(s, X, W, B, U);
  }
  const auto rule = [s, states, W, U, flops](const Tensor& dy, std::vector<Destination>& to) mutable {
    const kernels::profile::Scope scope("lstm gradient", "own", flops, 0);
    Tensor dx = to[0].needed ? Tensor({s.length, s.n, s.in}) : Tensor();
    backward(s, states, W, U, dy, dx, to);
    if (to[0].needed) to[0].put(by_step(dx));
  };
  return record_joint(kernels::permute(states.h, {1, 0, 2}), {x, w, b, u}, rule);
}

}  // namespace mlrun::ops
