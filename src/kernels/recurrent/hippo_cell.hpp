// The pieces of a HiPPO memory cell (Gu et al. 2020, section 4.2 and appendix E.1) between its matrix products, for
// rows of sequences. Every row is computed in one order, whatever goes with it.
#pragma once

#include <cstdint>

#include "kernels/rows.hpp"

namespace mlrun::kernels {

// (a, b) = gates -> g = sigmoid(a), m = tanh(b), in place;   h = h' + g (m - h');   f = w . h + bias.
struct HippoGate {
  int64_t rows = 0, width = 0;
  Rows<float> gates;  // [.., 2 width]
  Rows<const float> h_before;
  Rows<float> h, h_copy;  // h_copy may be null
  const float* write = nullptr;
  float write_bias = 0;
  float* f = nullptr;  // [rows]
};
void hippo_gate(const HippoGate& step);

// All that arrives at h is dh + dy + df w. gates (g, m) are replaced by the gradient before sigmoid and tanh; dh_before
// is written, the part of it that does not go through the gates.
struct HippoGateGradient {
  int64_t rows = 0, width = 0;
  Rows<float> gates;
  Rows<const float> h_before, dh, dy;
  const float* write = nullptr;
  const float* df = nullptr;  // [rows]
  Rows<float> dh_before;
};
void hippo_gate_gradient(const HippoGateGradient& step);

// One step of LegS in O(order): c = (I - ahead A)^-1 ((I + behind A) c' + d B f), with A_nk = -q_n q_k for n > k and
// -(n+1) for n = k, B = q, q_n = sqrt(2n+1) (hippo/operators.hpp; the rank-one triangle is a running sum). Rows go side
// by side in a vector. c_before may be null: zeros; c may be c_before.
struct LegsStep {
  int64_t rows = 0, order = 0;
  float behind = 0, ahead = 0, d = 0;
  const float* roots = nullptr;  // q_n
  Rows<const float> c_before;
  const float* f = nullptr;  // [rows]
  Rows<float> c;
};
void legs_step(const LegsStep& step);

// The transposed step: dc_before (may be dc), and df [rows].
struct LegsStepGradient {
  int64_t rows = 0, order = 0;
  float behind = 0, ahead = 0, d = 0;
  const float* roots = nullptr;
  Rows<const float> dc;
  Rows<float> dc_before;
  float* df = nullptr;
};
void legs_step_gradient(const LegsStepGradient& step);

}  // namespace mlrun::kernels
