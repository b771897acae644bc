// Causal softmax attention: kernels/attention/attention.hpp has the formula. Memory is linear in the length.
#pragma once

#include <vector>

#include "autograd/tape.hpp"
#include "base/random.hpp"
#include "kernels/attention/attention.hpp"

namespace mlrun::ops {

struct AttentionHeads {
  int64_t heads = 1, groups = 1;  // heads of a group share keys and values
  float scale = 1;
  std::vector<kernels::Reach> reach;  // of each head; empty: all of the past
};

// What depends on the distance of two positions; each may be left undefined.
struct AttentionDistances {
  Variable bias = {};              // [heads, length]
  Variable position_q = {};        // [n, length, heads * keys], with position_keys
  Variable position_keys = {};     // [length, heads * keys]
  Variable position_queries = {};  // [length, heads * keys]
};

// Of weights, in training.
struct AttentionDropout {
  float p = 0;
  RandomStream noise = RandomStream(0, "attention dropout");
};

// q [n, length, heads * keys], k [n, length, groups * keys], v [n, length, groups * values] ->
// [n, length, heads * values]
Variable attention(const Variable& q, const Variable& k, const Variable& v, const AttentionHeads& heads,
                   const AttentionDistances& distances = {}, const AttentionDropout& dropout = {});

}  // namespace mlrun::ops
