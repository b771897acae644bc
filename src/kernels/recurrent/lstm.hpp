// One step of an LSTM cell (Hochreiter & Schmidhuber 1997; with forget gate, Gers et al. 2000) for several examples,
// and its gradient:
//   (i, f, o, g) = pre + h' W,   c = sigmoid(f) c' + sigmoid(i) tanh(g),   h = sigmoid(o) tanh(c).
//
// Every example's numbers are added up in one order, whatever is computed with it.
#pragma once

#include <cstdint>

#include "kernels/rows.hpp"

namespace mlrun::kernels {

// W [width, 4 width], row-major: to the gates i, f, o, g, each `width` wide. `gates` takes the gates after their
// sigmoid or tanh, and may be `pre`. h_before and c_before may be null (h_before also where `pre` holds its product).
struct LstmStep {
  int64_t count = 0, width = 0;
  const float* w = nullptr;  // null where h_before is
  Rows<const float> pre, h_before, c_before;
  Rows<float> gates, c, h;
};
void lstm_step(const LstmStep& step);

// From dh, all that arrives at h, and dc (what the next step gave to c; read and replaced by what the step before
// gets): d_pre [.., 4 width], which may be `gates`, and dh_before = d_pre W^T, written. w_turned is W^T [4 width,
// width], or null where dh_before is not asked for. c_before may be null.
struct LstmStepGradient {
  int64_t count = 0, width = 0;
  const float* w_turned = nullptr;
  Rows<const float> gates, c, c_before, dh;
  Rows<float> dc, d_pre, dh_before;
};
void lstm_step_gradient(const LstmStepGradient& step);

}  // namespace mlrun::kernels
