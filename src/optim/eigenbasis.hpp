// Eigenvectors of the moving second moment of a side of a gradient matrix: of the first gradient by an
// eigendecomposition, then followed by orthogonal iteration. Gupta, Koren & Singer 2018 (Shampoo) for the moment; Vyas
// et al. 2024 (SOAP), algorithm 4, for the iteration.
//
// Gradients have a lower rank than a long side, and in what no gradient has reached yet every basis is one of
// eigenvectors. Which one, rounding may not choose: it differs from CPU to CPU, and the run with it. Such directions
// follow from the others, or stay what they were.
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
  // vectors <- the eigenvectors of G G^T, or G^T G, the largest first, and an orthonormal complement of them.
  void begin_rows(const Tensor& gradient);
  void begin_columns(const Tensor& gradient);
  // vectors <- Q of (moment + delta I) vectors = Q R. Repeated, its columns come to the eigenvectors, the largest
  // first; those whose eigenvalue is far below delta, which is small beside the largest, stay nearly as they are.
  void iterate();

  Tensor moment, vectors;  // [side, side]; an eigenvector is a column
};

}  // namespace mlrun
