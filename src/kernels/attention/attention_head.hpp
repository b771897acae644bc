// One head of one sequence, for the tiles of kernels/attention/attention.hpp, and the memory that its tiles work in.
//
// Positions here count those that the head sees of each other: of a head with a stride, each residue class is a
// sequence of its own, and a distance of 1 is a stride.
#pragma once

#include <cstdint>

#include "kernels/attention/attention.hpp"
#include "tensor/tensor.hpp"

namespace mlrun::kernels::attention_tiles {

inline constexpr int64_t kTile = 64;    // queries, and keys, of a tile
inline constexpr int64_t kWiden = 16;   // columns of a product are whole vectors on every CPU
inline constexpr int64_t kBefore = 64;  // rows for distances below 0, which a tile on the diagonal computes and masks

inline int64_t padded(int64_t length) { return (length + kTile - 1) / kTile * kTile; }
inline int64_t widened(int64_t width) { return (width + kWiden - 1) / kWiden * kWiden; }
// Rows of a table by distance.
inline int64_t distances(int64_t length) { return padded(length) + kBefore + kTile; }

// Which weights are dropped: those whose hash of (key, t, s) is below `below`.
struct WeightDropout {
  uint32_t key = 0, second_key = 0;
  float below = 0;  // of 2^24; 0: none
  float kept = 1;   // what the others are multiplied by
};

// Packed: rows from 0 on, zeros behind the last. The tables by distance have kBefore rows of zeros before distance 0.
struct Head {
  int64_t length = 0, keys = 0, values = 0;
  int64_t window = 0;  // positions that are seen, at least 1
  float scale = 1;
  int64_t table_rows = 0;                          // of every table by distance
  SequenceRows<const float> q, position_q;         // where they lie; position_q may be null
  const float *k = nullptr, *v = nullptr;          // [padded, keys], [padded, values]
  const float* bias = nullptr;                     // [table_rows], or null
  const float* position_keys = nullptr;            // [table_rows, keys], or null
  const float* position_queries = nullptr;         // [table_rows, widened keys], or null
  const float* position_queries_turned = nullptr;  // [keys, table_rows], times scale
  WeightDropout dropout;
};

// Of a forward pass: y rows and log sums at the given distances.
struct HeadResult {
  SequenceRows<float> y, log_sum;
};

// Of a backward pass. dk, dv and what is by distance are added to.
struct HeadGradient {
  SequenceRows<const float> y, dy, log_sum;
  SequenceRows<float> dq, d_position_q;
  float *dk = nullptr, *dv = nullptr;   // [padded, widened keys], [padded, widened values]
  float* d_bias = nullptr;              // [table_rows], or null
  float* d_position_keys = nullptr;     // [table_rows, widened keys], or null
  float* d_position_queries = nullptr;  // [table_rows, widened keys], or null
};

// What a tile computes in. All of it is small: it stays in the L1 and L2 caches.
struct Workspace {
  Workspace(int64_t keys, int64_t values);
  Tensor q, q_rows, position_q, position_q_rows;  // of the tile's queries, turned [keys, kTile] and in rows, scaled
  Tensor scores, d_scores, skewed;                // [keys of the tile, queries]; skewed [2 kTile, kTile]
  Tensor y, dy, dy_rows, dq, d_position_q;        // turned: [values or keys, kTile]
  Tensor most, sum, dot;                          // a number for each query
  Tensor k_rows;                                  // of a tile, widened
};

void forward(const Head& head, Workspace& work, const HeadResult& to);
void backward(const Head& head, Workspace& work, const HeadGradient& to);

}  // namespace mlrun::kernels::attention_tiles
