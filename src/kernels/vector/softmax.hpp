// Softmax and its relatives over the last axis, in f32, nats. -infinity is a legal logit (probability exactly 0) as
// long as a row has one finite logit.
#pragma once

#include "tensor/tensor.hpp"

namespace mlrun::kernels {

Tensor softmax(const Tensor& x);                                 // y = e^x / sum e^x
Tensor softmax_gradient(const Tensor& y, const Tensor& dy);      // dx = y (dy - sum(dy y))
Tensor log_softmax(const Tensor& x);                             // y = x - logsumexp(x)
Tensor log_softmax_gradient(const Tensor& y, const Tensor& dy);  // dx = dy - e^y sum(dy)
Tensor logsumexp(const Tensor& x);                               // [..., n] -> [...]; -infinity for a row of those
// dx[..., n] = dy[...] e^(x - lse): the probabilities, times dy.
Tensor logsumexp_gradient(const Tensor& x, const Tensor& lse, const Tensor& dy);

struct CategoricalNll {
  Tensor nll;  // [...]: logsumexp(x) - x[target], nats
  Tensor lse;  // [...]: logsumexp(x), for the gradient
};
// x[..., n], targets s32 [...] in 0 .. n - 1 (others: exit code 1).
CategoricalNll categorical_nll(const Tensor& x, const Tensor& targets);
// dx[..., n] = dy[...] (softmax(x) - onehot(target)).
Tensor categorical_nll_gradient(const Tensor& x, const Tensor& targets, const Tensor& lse, const Tensor& dy);

}  // namespace mlrun::kernels
