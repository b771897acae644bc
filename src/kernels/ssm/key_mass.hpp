// The normaliser of linear attention (Katharopoulos et al. 2020, eq. 9): with feature maps of queries and keys q, k >=
// 0 of each head, and z_t = k_0 + ... + k_t,
//
//   mass_t = q_t z_t + epsilon,   y_t = u_t / mass_t
//
// so that what a position takes from those before it are weights that sum to 1. u are the sums over values that
// kernels/ssm/chunk_decay.hpp gives. Every number is added up position after position, so a step has the same bits.
#pragma once

#include <cstdint>

namespace mlrun::kernels {

struct KeyMassShape {
  int64_t sequences = 0, length = 0, heads = 1;
  int64_t keys = 0, values = 0;  // of a head
};

// q and k [sequences, length, heads, keys], u and y [sequences, length, heads, values], mass [sequences, length,
// heads].
void divide_by_key_mass(const KeyMassShape& shape, const float* q, const float* k, const float* u, float* y,
                        float* mass);

struct KeyMassGradient {
  float *q = nullptr, *k = nullptr, *u = nullptr;  // overwritten
};
// From y and the masses of the forward pass.
void divide_by_key_mass_gradient(const KeyMassShape& shape, const float* q, const float* k, const float* y,
                                 const float* mass, const float* dy, const KeyMassGradient& to);

// One position of one sequence: u [heads, values] -> y, which may be u. z [heads, keys] begins as zeros.
void divide_by_key_mass_step(const KeyMassShape& shape, const float* q, const float* k, const float* u, float* z,
                             float* y);

}  // namespace mlrun::kernels
