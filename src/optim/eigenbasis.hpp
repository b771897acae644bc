// Eigenvectors of the moving second moment of a side of a gradient matrix, followed by orthogonal iteration: Gupta,
// Koren & Singer 2018 (Shampoo) for the moment; Vyas et al. 2024 (SOAP), algorithm 4, for the iteration.
#pragma once

#include "tensor/tensor.hpp"

namespace mlrun {

struct Eigenbasis {
  Eigenbasis() = default;             // of a side that is left as it is
  explicit Eigenbasis(int64_t side);  // moment 0, vectors I

  bool defined() const { return moment.defined(); }
  // moment <- decay moment + (1 - decay) G G^T of the gradient G [side, n], or G^T G of G [n, side].
  void learn_rows(const Tensor& gradient, double decay);
  void learn_columns(const Tensor& gradient, double decay);
  // vectors <- Q of moment vectors = Q R. Repeated, its columns come to the eigenvectors, the largest first.
  void iterate();

  Tensor moment, vectors;  // [side, side]; an eigenvector is a column
};

}  // namespace mlrun
