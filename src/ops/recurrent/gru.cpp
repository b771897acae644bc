#include "ops/recurrent/gru.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "kernels/product/matmul.hpp"
#include "kernels/profile.hpp"
#include "kernels/recurrent/gru.hpp"
#include "kernels/vector/reduce.hpp"
#include "kernels/vector/steps.hpp"
#include "kernels/vector/transpose.hpp"

namespace mlrun::ops {
namespace {

using kernels::StepWeights;
using kernels::Transpose;

// Everything is kept step by step, [length, n, ..], so that the rows of a step lie together.
Tensor by_step(const Tensor& x) { return kernels::permute(x, {1, 0, 2}); }

struct Sizes {
  int64_t n, length, in, k;
  int64_t rows() const { return n * length; }
};

// A row of `kept` is (n, r, z, q): the first three are fed by the input, the last three by the recurrent product.
struct States {
  Tensor x, kept, h;
};

States forward(const Sizes& s, const Tensor& x, const Tensor& w, const Tensor& b, const Tensor& u) {
  States states = {by_step(x), Tensor({s.length, s.n, 4 * s.k}), Tensor({s.length, s.n, s.k})};
  float *kept = states.kept.data<float>(), *h = states.h.data<float>();
  kernels::matmul({states.x.data<float>(), s.in}, {w.data<float>(), s.in, Transpose::kYes}, {kept, 4 * s.k},
                  {s.rows(), 3 * s.k, s.in}, {.bias = b.data<float>()});
  const StepWeights recurrent(kernels::transpose(u));
  const Tensor start = Tensor::zeros({s.n, s.k});
  Tensor product({s.n, 3 * s.k});
  const int64_t wide = s.n * 4 * s.k, narrow = s.n * s.k;
  for (int64_t t = 0; t < s.length; ++t, kept += wide, h += narrow) {
    const float* before = t > 0 ? h - narrow : start.data<float>();
    recurrent({s.n, before, s.k, nullptr, 0, product.data<float>(), 3 * s.k});
    kernels::GruStep step;
    step.count = s.n;
    step.width = s.k;
    step.pre = {kept, 4 * s.k};
    step.recurrent = {product.data<float>(), 3 * s.k};
    step.h_before = {before, s.k};
    step.b_q = b.data<float>() + 3 * s.k;
    step.kept = {kept, 4 * s.k};
    step.h = {h, s.k};
    kernels::gru_step(step);
  }
  return states;
}

// What was kept is replaced by its gradients, from the last step to the first: a graph runs backward once.
void backward(const Sizes& s, States& states, const Tensor& u, const Tensor& dy) {
  const StepWeights turned(u);
  const Tensor to_h = by_step(dy);
  Tensor dh({s.n, s.k});
  const int64_t wide = s.n * 4 * s.k, narrow = s.n * s.k;
  std::copy_n(to_h.data<float>() + (s.length - 1) * narrow, narrow, dh.data<float>());
  for (int64_t t = s.length - 1; t >= 0; --t) {
    float* kept = states.kept.data<float>() + t * wide;
    kernels::GruStepGradient step;
    step.count = s.n;
    step.width = s.k;
    if (t > 0) step.h_before = {states.h.data<float>() + (t - 1) * narrow, s.k};
    if (t > 0) step.add = {to_h.data<float>() + (t - 1) * narrow, s.k};
    step.kept = {kept, 4 * s.k};
    step.dh = {dh.data<float>(), s.k};
    kernels::gru_step_gradient(step);
    if (t > 0) turned({s.n, kept + s.k, 4 * s.k, dh.data<float>(), s.k, dh.data<float>(), s.k});
  }
}

}  // namespace

// With d the gradients of (n, r, z, q): dx = d_nrz W, dW = d_nrz^T x, db = sum d, and dU = d_rzq^T h of the step
// before: each one product over all steps.
Variable gru(const Variable& x, const Variable& w, const Variable& b, const Variable& u) {
  const Tensor X = x.value(), W = w.value(), B = b.value(), U = u.value();
  require(X.rank() == 3 && X.dim(1) > 0 && U.rank() == 2 && U.dim(0) == 3 * U.dim(1) &&
              W.shape() == Shape({U.dim(0), X.dim(2)}) && B.count() == 4 * U.dim(1),
          "a GRU of {} with weights {}, {} and {}", to_string(X.shape()), to_string(W.shape()), to_string(B.shape()),
          to_string(U.shape()));
  const Sizes s = {X.dim(0), X.dim(1), X.dim(2), U.dim(1)};
  const double flops = 6.0 * static_cast<double>(s.rows() * s.k * s.k);
  States states;
  {
    const kernels::profile::Scope scope("gru", "own", flops, 0);
    states = forward(s, X, W, B, U);
  }
  const auto rule = [s, states, W, U, flops](const Tensor& dy, std::vector<Destination>& to) mutable {
    const kernels::profile::Scope scope("gru gradient", "own", flops, 0);
    backward(s, states, U, dy);
    const float *g = states.kept.data<float>(), *h = states.h.data<float>();
    const int64_t row = 4 * s.k, gates = 3 * s.k;
    const auto beta = [&to](size_t i) { return to[i].accumulate ? 1.0f : 0.0f; };
    if (to[0].needed) {
      Tensor dx({s.length, s.n, s.in});
      kernels::matmul({g, row}, {W.data<float>(), s.in}, {dx.data<float>(), s.in}, {s.rows(), s.in, gates});
      to[0].put(by_step(dx));
    }
    if (to[1].needed) {
      kernels::matmul({g, row, Transpose::kYes}, {states.x.data<float>(), s.in}, {to[1].tensor.data<float>(), s.in},
                      {gates, s.in, s.rows()}, {.beta = beta(1)});
    }
    if (to[2].needed) kernels::sum_rows(to[2].tensor, states.kept, to[2].accumulate);
    if (to[3].needed) {
      kernels::matmul({g + s.n * row + s.k, row, Transpose::kYes}, {h, s.k}, {to[3].tensor.data<float>(), s.k},
                      {gates, s.k, s.rows() - s.n}, {.beta = beta(3)});
    }
  };
  return record_joint(kernels::permute(states.h, {1, 0, 2}), {x, w, b, u}, rule);
}

}  // namespace mlrun::ops
