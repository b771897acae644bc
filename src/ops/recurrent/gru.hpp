// A layer of gated recurrent units over sequences (Cho et al. 2014).
#pragma once

#include "autograd/tape.hpp"

namespace mlrun::ops {

// h [n, length, k] of x [n, length, in], from h = 0, in the form of cuDNN and PyTorch, where the reset gate is applied
// after the recurrent product (the paper applies it to h before):
//   r_t = sigmoid(x_t W_r^T + b_r + h_{t-1} U_r^T), z_t likewise,
//   n_t = tanh(x_t W_n^T + b_n + r_t (h_{t-1} U_n^T + b_q)),   h_t = (1 - z_t) n_t + z_t h_{t-1}.
// w [3 k, in] in the order n, r, z; b [4 k] in the order n, r, z, q; u [3 k, k] in the order r, z, n.
Variable gru(const Variable& x, const Variable& w, const Variable& b, const Variable& u);

}  // namespace mlrun::ops
