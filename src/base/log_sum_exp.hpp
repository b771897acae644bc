// log(e^a + e^b + ...) without overflow: how likelihoods of a mixture's parts become that of the mixture.
#pragma once

#include <span>

namespace mlrun {

// At least one term, none of them +infinity. The terms are added up in their order.
double log_sum_exp(std::span<const double> terms);

}  // namespace mlrun
