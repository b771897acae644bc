// Matrix products by oneDNN, row-major, on the calling thread only. f32, or bf16 operands with an f32 result.
//
// Primitives are created once per thread and shape, so a shape that changes at every call is slow.
#pragma once

#include <cstdint>

#include "kernels/rows.hpp"
#include "tensor/tensor.hpp"

namespace mlrun::kernels {

enum class Transpose : uint8_t { kNo, kYes };

// Whether this CPU has a product of such operands: oneDNN multiplies bf16 with AVX-512, and with less in some versions.
// A product that it has not is Error(kUsage).
bool has_matmul(DType operands);

// op(A)[..., m, k] x op(B)[..., k, n] -> [..., m, n]. The leading dimensions of a and b are equal, or b has rank 2 and
// serves every matrix of a (and the other way round). Both of one dtype, f32 or bf16; the result is f32.
Tensor matmul(const Tensor& a, const Tensor& b, Transpose transpose_a = Transpose::kNo,
              Transpose transpose_b = Transpose::kNo);
// The same into c (contiguous, of the result's count): c = product + beta * c.
void matmul_into(Tensor& c, const Tensor& a, const Tensor& b, Transpose transpose_a, Transpose transpose_b,
                 float beta = 0.0f);

// A matrix A as it is stored, row-major, and whether op(A) is A or its transpose.
struct Operand {
  const void* data = nullptr;
  int64_t stride = 0;  // from row to row, in numbers
  Transpose transpose = Transpose::kNo;
  DType dtype = DType::kF32;  // or kBF16, as the other operand

  // What begins at this place of A.
  Operand at(int64_t row, int64_t column) const {
    const auto skipped = static_cast<size_t>(row * stride + column) * size_of(dtype);
    return {static_cast<const char*>(data) + skipped, stride, transpose, dtype};
  }
};
Operand operand_of(const Tensor& matrix);    // of a tensor of rank 2, as it is
Operand transposed(const Operand& operand);  // the same numbers, read the other way round
struct ProductSize {
  int64_t m = 0, n = 0, k = 0;  // op(A) [m, k] x op(B) [k, n] -> C [m, n]
};
struct ProductTerms {
  float beta = 0.0f;            // beta C is added; with 0, C may hold anything (NaN too)
  const float* bias = nullptr;  // [n], added to every row; null: none
};

// C = op(A) op(B) + bias + beta C. There is no fused relu: oneDNN's turns NaN into 0, and a diverging run must be seen.
void matmul(const Operand& a, const Operand& b, const Rows<float>& c, const ProductSize& size,
            const ProductTerms& terms = {});

// `batch` products at the given distances (0: the same matrix for all, for a and b only), without a bias.
struct BatchStride {
  int64_t batch = 1, a = 0, b = 0, c = 0;
};
void matmul_batched(const BatchStride& batch, const Operand& a, const Operand& b, const Rows<float>& c,
                    const ProductSize& size, const ProductTerms& terms = {});

}  // namespace mlrun::kernels
