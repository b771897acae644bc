// A convolution with its parameters. The outline may be a part of the kernel: what a mask forbids is never computed.
#pragma once

#include "nn/pass.hpp"
#include "ops/conv/conv.hpp"

namespace mlrun {

struct KernelSize {
  int64_t rows = 1, columns = 1;
};

class Conv {
 public:
  Conv() = default;
  // Declares `weight` [rows, columns, in, out] and `bias` [out]. The outline's taps are the first of the kernel, in
  // raster order; the rest stay 0. Initial values: U(-1/sqrt(k), 1/sqrt(k)), k = inputs that a sum really has.
  Conv(const Scope& scope, KernelSize size, kernels::Outline outline, int64_t in, int64_t out, int64_t stride = 1);

  // x [n, stride * height, stride * width, in] -> [n, height, width, out]. The layer's stride counts, not the options'.
  Variable operator()(Pass& pass, const Variable& x, ops::ConvOptions options = {}) const;
  // The same of one-hot images, by their symbols s32 [n, height, width]; the layer has stride 1.
  Variable of_symbols(Pass& pass, const Tensor& symbols, const Variable& add = {}) const;
  kernels::PackedKernel packed(int64_t height, int64_t width) const;  // of the weights as they are now
  int64_t in() const { return weight_.value().dim(2); }
  int64_t out() const { return weight_.value().dim(3); }

 private:
  kernels::Outline outline_;
  int64_t stride_ = 1;
  Parameter weight_, bias_;
};

// The transpose of a convolution with a stride, from small images to large ones.
class ConvTransposed {
 public:
  ConvTransposed() = default;
  // Declares `weight` [rows, columns, out, in] and `bias` [out]; the outline is that of the convolution it transposes.
  ConvTransposed(const Scope& scope, KernelSize size, kernels::Outline outline, int64_t in, int64_t out,
                 int64_t stride);
  // x [n, height, width, in] -> [n, stride * height, stride * width, out]
  Variable operator()(Pass& pass, const Variable& x) const;

 private:
  kernels::Outline outline_;
  int64_t stride_ = 1;
  Parameter weight_, bias_;
};

// Outlines of causal convolutions in raster order (van den Oord et al. 2016), for odd k.
kernels::Outline pointwise_outline();
kernels::Outline mask_a(int64_t k);       // all rows above, and the pixels to the left
kernels::Outline mask_b(int64_t k);       // and the pixel itself
kernels::Outline rows_above(int64_t k);   // vertical stack: k / 2 rows above and the row itself, k columns each
kernels::Outline left_of(int64_t k);      // horizontal stack: k / 2 pixels to the left
kernels::Outline left_and_at(int64_t k);  // and the pixel itself
// All of a k x k kernel that sees as much before as behind, with the stride taken into account.
kernels::Outline whole_outline(int64_t k, int64_t stride = 1);

}  // namespace mlrun
