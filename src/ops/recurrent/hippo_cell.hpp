// The HiPPO memory cell: a gated recurrent network that sees an online projection of its own past. Gu, Dao, Ermon,
// Rudra & Re 2020, "HiPPO: Recurrent Memory with Optimal Polynomial Projections", section 4.2 and figure 2:
//   (a, b) = W (h', c', x) + bias,   h = (1 - sigmoid(a)) h' + sigmoid(a) tanh(b),
//   f = w . h + bias_w,   c = A_t c' + B_t f.
#pragma once

#include <memory>

#include "autograd/tape.hpp"
#include "kernels/recurrent/lstm.hpp"

namespace mlrun::ops {

// c = A_t c' + B_t f, fixed; t = 0, 1, .. counts positions. May be used by several threads at once.
class MemoryUpdate {
 public:
  using Read = kernels::Rows<const float>;
  using Write = kernels::Rows<float>;
  virtual ~MemoryUpdate() = default;
  virtual int64_t order() const = 0;
  // For rows of sequences; f [rows]. c is not c_before.
  virtual void forward(int64_t t, int64_t rows, Read c_before, const float* f, Write c) const = 0;
  // dc_before = A_t^T dc (not in place), df = B_t . dc [rows].
  virtual void backward(int64_t t, int64_t rows, Read dc, Write dc_before, float* df) const = 0;
  // `forward` for stepping: a row has the same bits whatever goes with it.
  virtual void step(int64_t t, int64_t rows, Read c_before, const float* f, Write c) const = 0;
};

struct HippoWeights {
  Variable weight, bias;              // [2 hidden, hidden + order + in]; [2 hidden]
  Variable write_weight, write_bias;  // [hidden]; [1]
};
// x [n, length, in] -> h [n, length, hidden]. Keeps 4 (3 hidden + order + in) bytes per position when gradients are
// wanted: one product for the steps of all sequences, and the gradient of W is one product over all positions.
Variable hippo_cell(const Variable& x, const HippoWeights& weights, std::shared_ptr<const MemoryUpdate> memory);

}  // namespace mlrun::ops
