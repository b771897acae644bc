// Matrix products and affine layers. Weights are [out, in]; their gradients are computed in place, straight into the
// gradient arena when the weight is a leaf with a window.
//
// matmul, linear and masked_linear take their operands in the format that is in force (ops/product_format.hpp).
#pragma once

#include "autograd/tape.hpp"
#include "kernels/product/matmul.hpp"

namespace mlrun::ops {

using kernels::Transpose;

// op(a)[..., m, k] op(b)[..., k, n] -> [..., m, n]. The leading axes are equal, or one operand has rank 2.
Variable matmul(const Variable& a, const Variable& b, Transpose transpose_a = Transpose::kNo,
                Transpose transpose_b = Transpose::kNo);

// x[..., in] W[out, in]^T + b[out] -> [..., out]. b may be left out: {}.
Variable linear(const Variable& x, const Variable& w, const Variable& b = {});

// The same for numbers of rows that differ from call to call, of which oneDNN would make a primitive each: by the kernels of
// convolutions, each row added up in the one order that PackedLinear has too, whatever rows go with it.
Variable row_linear(const Variable& x, const Variable& w, const Variable& b = {});

// The same with W * mask in place of W; mask[out, in] of 0 and 1. W itself need not be zero where the mask is, and its
// gradient is exactly 0 there.
Variable masked_linear(const Variable& x, const Variable& w, const Variable& b, const Tensor& mask);

}  // namespace mlrun::ops
