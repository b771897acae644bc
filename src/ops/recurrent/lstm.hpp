// A layer of LSTM cells over sequences (Hochreiter & Schmidhuber 1997; with forget gate, Gers et al. 2000).
#pragma once

#include "autograd/tape.hpp"

namespace mlrun::ops {

// h [n, length, k] of x [n, length, in], from h = c = 0:
//   (i, f, o, g)_t = x_t W^T + b + h_{t-1} U^T,   c_t = sigmoid(f) c_{t-1} + sigmoid(i) tanh(g),
//   h_t = sigmoid(o) tanh(c_t).
// w [4 k, in], b [4 k], u [4 k, k]. Many positions go through W as one product, and all of a step's sequences through
// U.
Variable lstm(const Variable& x, const Variable& w, const Variable& b, const Variable& u);

}  // namespace mlrun::ops
