// An LSTM that crosses an image along its diagonals (van den Oord, Kalchbrenner & Kavukcuoglu 2016, section 3.2).
#pragma once

#include "autograd/tape.hpp"

namespace mlrun::ops {

enum class Crossing : uint8_t { kLeftToRight, kRightToLeft };

// Pixel (r, c) takes c from its neighbour (r, c - 1), and h from there and from (r - 1, c):
//   (i, f, o, g) = pre[r, c] + h[r, c - 1] W_side + h[r - 1, c] W_up,  and so on as in kernels/recurrent/lstm.hpp;
// from right to left, the neighbour is (r, c + 1). pre [n, height, width, 4 k], both W [k, 4 k] -> h [n, height, width,
// k].
Variable diagonal_lstm(const Variable& pre, const Variable& w_side, const Variable& w_up, Crossing crossing);

}  // namespace mlrun::ops
