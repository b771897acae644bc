#include "ops/product_format.hpp"

#include "base/error.hpp"
#include "kernels/vector/bf16.hpp"

namespace mlrun::ops {
namespace {

thread_local DType format_of_scope = DType::kF32;

Tensor in(DType format, const Tensor& x) { return format == DType::kBF16 ? kernels::to_bf16(x) : x; }

}  // namespace

ProductFormat::ProductFormat(DType format) : before_(format_of_scope) {
  require(format == DType::kF32 || format == DType::kBF16, "products of {}", name_of(format));
  format_of_scope = format;
}

ProductFormat::~ProductFormat() { format_of_scope = before_; }

Tensor as_operand(const Tensor& x) { return in(format_of_scope, x); }
Tensor as_operand_beside(const Tensor& other, const Tensor& x) { return in(other.dtype(), x); }

}  // namespace mlrun::ops
