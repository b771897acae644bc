// Softmax and its relatives over the last axis.
#pragma once

#include "autograd/tape.hpp"

namespace mlrun::ops {

Variable softmax(const Variable& x);      // e^x / sum e^x
Variable log_softmax(const Variable& x);  // x - logsumexp(x)
Variable logsumexp(const Variable& x);    // log sum e^x: [..., n] -> [...]

}  // namespace mlrun::ops
