// Negative log likelihoods of discrete symbols, in nats.
#pragma once

#include "autograd/tape.hpp"

namespace mlrun::ops {

// -log p(targets) of independent bits with log-odds logits[n, D], targets s32 [n, D] of 0 and 1 -> [n], summed over D.
Variable bernoulli_nll(const Variable& logits, const Tensor& targets);
// The same for symbols 0 .. K - 1: logits[n, D, K], targets s32 [n, D] -> [n].
Variable categorical_nll(const Variable& logits, const Tensor& targets);

}  // namespace mlrun::ops
