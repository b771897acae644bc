// An affine layer with its parameters, and its form for stepping.
#pragma once

#include <string>

#include "kernels/conv/conv.hpp"
#include "nn/pass.hpp"

namespace mlrun {

// Weights arranged for few rows at a time. Every result is added up in one order: a row's bits do not depend on how
// many rows go with it.
class PackedLinear {
 public:
  PackedLinear() = default;
  PackedLinear(const Tensor& weight, const Tensor& bias);  // [out, in]; [out] or undefined
  // x [count, in] -> y [count, out] (+ add, likewise; may be y).
  void operator()(const float* x, int64_t count, float* y, const float* add = nullptr) const;
  int64_t in() const { return kernel_.shape().in; }
  int64_t out() const { return kernel_.shape().out; }

 private:
  kernels::PackedKernel kernel_;
};

enum class LinearBias : uint8_t { kYes, kNo };

class Linear {
 public:
  Linear() = default;
  // Declares `weight` [out, in] and `bias` [out]. Initial values: U(-1/sqrt(in), 1/sqrt(in)), and 0 for the bias.
  Linear(const Scope& scope, int64_t in, int64_t out, LinearBias bias = LinearBias::kYes);
  Variable operator()(Pass& pass, const Variable& x) const;  // [..., in] -> [..., out]
  // The same of any number of rows, each with the bits that packed() gives it (ops::row_linear).
  Variable of_rows(Pass& pass, const Variable& x) const;
  PackedLinear packed() const;  // of the weights as they are now

 private:
  Parameter weight_, bias_;
  bool has_bias_ = false;
};

}  // namespace mlrun
