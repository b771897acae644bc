// The recurrent form of a diagonal state space (kernels/ssm/diagonal_ssm.hpp): one position at a time.
#pragma once

#include "kernels/ssm/diagonal_ssm.hpp"
#include "tensor/tensor.hpp"

namespace mlrun::kernels {

// Discretised and arranged for stepping: blocks of 16 channels, for each pole (Abar - 1, 2 C Bbar) of the 16 side by
// side. Abar itself, which is near 1, would be rounded so that thousands of steps add up.
class DiagonalSsmSteps {
 public:
  explicit DiagonalSsmSteps(const DiagonalSsm& system);
  // The states of `count` sequences before the first position.
  Tensor begin(int64_t count) const { return Tensor::zeros({blocks_, count, poles_, 2, kBlock}); }
  // u [count, channels] -> y, likewise (may be u), and the states moved on. A sequence's bits do not depend on count.
  void operator()(Tensor& states, const float* u, int64_t count, float* y) const;

  static constexpr int64_t kBlock = 16;

 private:
  int64_t channels_, poles_, blocks_;
  Tensor poles_and_weights_;  // [blocks, poles, 4, kBlock]
  Tensor d_;                  // [blocks, kBlock]
};

}  // namespace mlrun::kernels
