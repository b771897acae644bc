// A likelihood for ordered symbols such as grey levels (Salimans et al. 2017).
#pragma once

#include "autograd/tape.hpp"

namespace mlrun::ops {

// x [..., 3 M] = log-weights, means (symbols stand between -1 and 1), log-scales of M discretised logistics ->
// log p(k) [..., symbols], which are logits like any others: they sum to 1 as they are.
Variable logistic_mixture(const Variable& x, int64_t symbols);

}  // namespace mlrun::ops
