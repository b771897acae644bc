// A convolution as long as the sequence, of each channel with a kernel of its own.
#pragma once

#include "autograd/tape.hpp"

namespace mlrun::ops {

// y[b, t, h] = sum over s <= t of k[h, t - s] u[b, s, h].   u [n, length, channels], k [channels, length] -> like u.
// By block rows of the Toeplitz matrix of k, which are products; O(n length^2) per channel.
Variable causal_conv(const Variable& u, const Variable& k);

}  // namespace mlrun::ops
