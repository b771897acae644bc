// States that decay, in chunks: kernels/ssm/chunk_decay.hpp has the formulas.
#pragma once

#include "autograd/tape.hpp"

namespace mlrun::ops {

struct DecayHeads {
  int64_t groups = 1, heads = 1;                                           // heads of a group share queries and keys
  int64_t keys = 0, values = 0;                                            // of a head
  int64_t channels() const { return heads * values + 2 * groups * keys; }  // of the packed form
};

// What may be left undefined: no decay, weight 1, skip 0.
struct DecayGates {
  Variable log_decay;  // [n, length, heads], or [heads] for all positions; <= 0
  Variable weight;     // [n, length, heads]
  Variable skip;       // [heads]
};

// q and k [n, length, groups * keys], v [n, length, heads * values] -> [n, length, heads * values]
Variable chunk_decay(const Variable& q, const Variable& k, const Variable& v, const DecayHeads& heads,
                     const DecayGates& gates);
// The same of one tensor: [n, length, heads.channels()], v, then k, then q.
Variable chunk_decay(const Variable& vkq, const DecayHeads& heads, const DecayGates& gates);

}  // namespace mlrun::ops
