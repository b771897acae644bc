// Matrix products by oneDNN, row-major, on the calling thread only. f32, or bf16 operands with an f32 result.
//
// Primitives are created once per thread and shape, so a shape that changes at every call is slow.
#pragma once

#include <cstdint>

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

// C[m, n] = op(A)[m, k] op(B)[k, n] + bias[n] + beta C. lda, ldb, ldc are row strides in numbers of the
// matrices as stored: A is stored [m, k], or [k, m] when transposed. With beta 0, C may hold anything (NaN too). There
// is no fused relu: oneDNN's turns NaN into 0, and a diverging run must be seen.
void matmul(const float* a, Transpose transpose_a, int64_t lda, const float* b, Transpose transpose_b, int64_t ldb,
            float* c, int64_t ldc, int64_t m, int64_t n, int64_t k, float beta = 0.0f, const float* bias = nullptr);

// `batch` products at the given distances (0: the same matrix for all, for a and b only).
struct BatchStride {
  int64_t batch = 1, a = 0, b = 0, c = 0;
};
void matmul_batched(const BatchStride& batch, const float* a, Transpose transpose_a, int64_t lda, const float* b,
                    Transpose transpose_b, int64_t ldb, float* c, int64_t ldc, int64_t m, int64_t n, int64_t k,
                    float beta = 0.0f);

}  // namespace mlrun::kernels
