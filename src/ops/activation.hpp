// Activation functions. The formulas and the derivatives at kinks are those of kernels/vector/elementwise.hpp.
#pragma once

#include "autograd/tape.hpp"
#include "kernels/vector/elementwise.hpp"

namespace mlrun::ops {

// y = f(x), for any function of kernels; p and q are its parameters where it has some.
Variable activation(kernels::Function f, const Variable& x, float p = 0.0f, float q = 0.0f);

Variable sigmoid(const Variable& x);
Variable tanh(const Variable& x);
Variable relu(const Variable& x);
Variable gelu(const Variable& x);  // exact: x Phi(x)
Variable silu(const Variable& x);
Variable softplus(const Variable& x);

}  // namespace mlrun::ops
