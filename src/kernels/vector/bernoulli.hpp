// The Bernoulli likelihood of binary symbols, fused from logits: no probability is ever formed, so nothing overflows
// and no logarithm of 0 is taken.
#pragma once

#include <cstdint>

namespace mlrun::kernels {

// nll[i] = sum over k of softplus(l_ik) - x_ik l_ik, in nats; logits [n, positions], x [n, positions] of 0 and 1.
// Computed as softplus(x ? -l : l) = max(s, 0) + log(1 + e^-|s|), added up in double.
void bernoulli_nll_forward(const float* logits, const int32_t* x, int64_t n, int64_t positions, float* nll);

// dlogits[i, k] = scale[i] (sigmoid(l_ik) - x_ik), where scale [n] is the gradient of each nll[i].
void bernoulli_nll_backward(const float* logits, const int32_t* x, const float* scale, int64_t n, int64_t positions,
                            float* dlogits);

}  // namespace mlrun::kernels
