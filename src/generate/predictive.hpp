// What the logits of one step say of its symbol, in double precision and apart from the kernels: proofs and codes rest
// on it.
#pragma once

#include <cstdint>

namespace mlrun {

// Numbers per image and step: one log-odds of symbol 1 for an alphabet of 2, else one logit for each symbol.
inline int64_t logits_per_step(int64_t alphabet) { return alphabet == 2 ? 1 : alphabet; }

// Of the logits of one image at one step, nats.
double log_probability(const float* logits, int64_t alphabet, int32_t symbol);
double predictive_entropy(const float* logits, int64_t alphabet);
// The symbol that a uniform u of (0, 1) picks, by the inverse of the distribution function.
int32_t symbol_of_uniform(const float* logits, int64_t alphabet, double u);

}  // namespace mlrun
