// RWKV-4's time mixing and token shift: kernels/recurrent/wkv.hpp and token_shift.hpp have the formulas.
#pragma once

#include "autograd/tape.hpp"

namespace mlrun::ops {

// k and v [n, length, channels], decay w > 0 and bonus u [channels] -> [n, length, channels]
Variable wkv(const Variable& k, const Variable& v, const Variable& w, const Variable& u);
// x [n, length, channels] mixed with the position before, mix [channels].
Variable token_shift(const Variable& x, const Variable& mix);

}  // namespace mlrun::ops
