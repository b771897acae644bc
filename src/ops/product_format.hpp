// The format in which products take their operands while gradients are computed (mixed precision training, Micikevicius et
// al. 2018; in bf16 no loss scale is needed, Kalamkar et al. 2019, "A Study of BFLOAT16 for Deep Learning Training"). Sums,
// weights, and everything that is no product stay f32.
#pragma once

#include "tensor/tensor.hpp"

namespace mlrun::ops {

// For the thread and the scope that it lives in, forward and backward; elsewhere products are in f32. kF32 or kBF16.
class ProductFormat {
 public:
  explicit ProductFormat(DType format);
  ~ProductFormat();
  ProductFormat(const ProductFormat&) = delete;
  ProductFormat& operator=(const ProductFormat&) = delete;

 private:
  DType before_;
};

// What a product takes for x: x itself (f32), or x rounded to the format of the scope.
Tensor as_operand(const Tensor& x);
// The same for the operand that goes with `other`, in its format.
Tensor as_operand_beside(const Tensor& other, const Tensor& x);

}  // namespace mlrun::ops
