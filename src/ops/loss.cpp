#include "ops/loss.hpp"

#include "base/error.hpp"
#include "kernels/profile.hpp"
#include "kernels/vector/bernoulli.hpp"
#include "kernels/vector/broadcast.hpp"
#include "kernels/vector/reduce.hpp"
#include "kernels/vector/softmax.hpp"

namespace mlrun::ops {

// y_i = sum_d softplus(l_id) - t_id l_id: dl_id = dy_i (sigmoid(l_id) - t_id)
Variable bernoulli_nll(const Variable& logits, const Tensor& targets) {
  const Tensor L = logits.value();
  require(L.rank() == 2 && targets.shape() == L.shape(), "bits {} for log-odds {}", to_string(targets.shape()),
          to_string(L.shape()));
  const int64_t n = L.dim(0), d = L.dim(1);
  Tensor y({n});
  {
    const kernels::profile::Scope scope("bernoulli nll", "own", 0, 8.0 * static_cast<double>(L.count()));
    kernels::bernoulli_nll_forward(L.data<float>(), targets.data<int32_t>(), n, d, y.data<float>());
  }
  return record(y, {{logits, [L, targets, n, d](const Tensor& dy) {
                       const kernels::profile::Scope scope("bernoulli nll gradient", "own", 0,
                                                           12.0 * static_cast<double>(L.count()));
                       Tensor dl(L.shape());
                       kernels::bernoulli_nll_backward(L.data<float>(), targets.data<int32_t>(), dy.data<float>(), n, d,
                                                       dl.data<float>());
                       return dl;
                     }}});
}

// y_i = sum_d logsumexp(l_id) - l_id[t_id]: dl_id = dy_i (softmax(l_id) - onehot(t_id))
Variable categorical_nll(const Variable& logits, const Tensor& targets) {
  const Tensor L = logits.value();
  require(L.rank() == 3 && targets.shape() == Shape({L.dim(0), L.dim(1)}), "symbols {} for logits {}",
          to_string(targets.shape()), to_string(L.shape()));
  const kernels::CategoricalNll each_nll = kernels::categorical_nll(L, targets);
  return record(kernels::sum(each_nll.nll, {1}),
                {{logits, [L, targets, lse = each_nll.lse](const Tensor& dy) {
                    const Tensor each = kernels::broadcast_to(dy.reshape({dy.count(), 1}), {dy.count(), L.dim(1)});
                    return kernels::categorical_nll_gradient(L, targets, lse, each);
                  }}});
}

}  // namespace mlrun::ops
