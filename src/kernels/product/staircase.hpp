// Products with a masked weight whose mask is a staircase: row r of W [outputs, inputs] uses inputs [0, limit[r]) only,
// and limits never decrease. That is every masked layer of an autoregressive network (MADE, Germain et al. 2015; FVSBN)
// whose units are sorted by degree, and it lets whole blocks of zeros be skipped: half the work of the dense product.
//
// Everyone keeps the weights behind the staircase at exactly 0: the initialisation, the optimizer (whose updates of
// weight 0 with gradient 0 are 0), and staircase_backward_weights. The products here rely on it.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/product/matmul.hpp"

namespace mlrun::kernels {

class Staircase {
 public:
  // A band of the matrix that is one dense product: rows [begin, end) with columns [0, limit), or columns [begin, end)
  // with rows [limit, outputs).
  struct Band {
    int64_t begin = 0, end = 0, limit = 0;
  };

  // limits: one per row, nondecreasing, each in [0, inputs]. `batch`, the usual number of examples per call, only
  // chooses between few wide bands and many narrow ones.
  Staircase(std::vector<int64_t> limits, int64_t inputs, int64_t batch);

  int64_t outputs() const { return static_cast<int64_t>(limits_.size()); }
  int64_t inputs() const { return inputs_; }
  const std::vector<int64_t>& limits() const { return limits_; }
  const std::vector<Band>& row_bands() const { return row_bands_; }        // cover [0, outputs)
  const std::vector<Band>& column_bands() const { return column_bands_; }  // cover [0, inputs)

 private:
  std::vector<int64_t> limits_;
  int64_t inputs_;
  std::vector<Band> row_bands_, column_bands_;
};

// y [n, outputs] = x [n, inputs] W^T + bias [outputs]; bias may be null. The operands, here and below, are not transposed.
void staircase_forward(const Staircase& staircase, const Operand& x, const Operand& w, const float* bias, float* y,
                       int64_t n);

// dx [n, inputs] = dy [n, outputs] W + beta dx, beta 0 or 1.
void staircase_backward_data(const Staircase& staircase, const Operand& dy, const Operand& w, float* dx, int64_t n,
                             float beta = 0.0f);

// dW [outputs, inputs] = dy^T x + beta dW, beta 0 or 1. Of the numbers behind the staircase, those in a band are set to
// 0, and the rest are not written: they must be 0 already (as in an arena zeroed once).
void staircase_backward_weights(const Staircase& staircase, const Operand& dy, const Operand& x, float* dw, int64_t n,
                                float beta = 0.0f);

}  // namespace mlrun::kernels
