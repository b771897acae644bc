// What the logits of one step say of its symbol, in double precision and apart from the kernels: proofs and codes rest
// on it.
#pragma once

#include <cstdint>

#include "symbols/data_spec.hpp"

namespace mlrun {

// Of the logits of one image at one step, nats.
double log_probability(const float* logits, int64_t alphabet, int32_t symbol);
double predictive_entropy(const float* logits, int64_t alphabet);
// Variance of -log p(s) for s drawn from p, nats squared.
double surprise_variance(const float* logits, int64_t alphabet);

}  // namespace mlrun
