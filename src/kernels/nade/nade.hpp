// NADE, the neural autoregressive distribution estimator (Larochelle and Murray 2011; Uria et al. 2016, equations 6,
// 7):
//
//   h_k = sigmoid(c + sum over j < k of x_j W[j]),   logit_k = b[k] + V[k] . h_k
//
// x is binary, so the hidden units change only after a symbol that is 1: sigmoids, rows of W and their gradients are
// needed there and nowhere else, and in between one hidden vector meets a run of rows of V. Nothing of the size
// examples * pixels * hidden is ever stored. One call runs on the calling thread.
//
// The parallel form (nade_forward) and the step form (NadeStepper) give the same logits, bit for bit.
#pragma once

#include <cstdint>
#include <vector>

#include "tensor/tensor.hpp"

namespace mlrun::kernels {

struct NadeWeights {
  int64_t pixels = 0, hidden = 0;  // D and H, both at least 1
  const float* w = nullptr;        // [D, H]: row i is what a pixel i that is 1 adds to the hidden units
  const float* c = nullptr;        // [H]
  const float* v = nullptr;        // [D, H]
  const float* b = nullptr;        // [D]
  // Pixels are visited as order[0], order[1], ... (a permutation of 0 .. D - 1; null: 0, 1, 2, ...). Everything else is
  // indexed by pixel.
  const int32_t* order = nullptr;
};

// What backward needs of a forward pass: which symbols were 1, and the hidden units' pre-activations at every 56th
// step. Keep one per lane and pass it again at the next step, and it allocates nothing.
struct NadeTape {
  int64_t examples = 0, pixels = 0, hidden = 0;
  std::vector<uint8_t> ones;  // [examples, ceil(D / 8)]: bit k % 8 of byte k / 8 is the symbol at step k
  Tensor borders;             // [blocks, padded hidden / unit, examples, unit], where unit depends on the CPU
  Tensor workspace;
};

// x [n, D] of 0 and 1 -> logits [n, D]. The tape may be null when no gradient is wanted.
void nade_forward(const NadeWeights& weights, const int32_t* x, int64_t n, float* logits, NadeTape* tape);

struct NadeGradients {
  float* w = nullptr;  // [D, H]
  float* c = nullptr;  // [H]
  float* v = nullptr;  // [D, H]
  float* b = nullptr;  // [D]
};

// dlogits [n, D], weights as they were in the forward pass -> gradients, each = beta * itself + new, beta 0 or 1 (with
// beta 0 what it held, even NaN, is lost). There is no gradient for x.
void nade_backward(const NadeWeights& weights, NadeTape& tape, const float* dlogits, const NadeGradients& gradients,
                   float beta);

// The weights copied into the order in which the kernels read them, shared by any number of steppers.
class NadePackedWeights {
 public:
  explicit NadePackedWeights(const NadeWeights& weights);

  int64_t pixels() const { return pixels_; }
  int64_t hidden() const { return hidden_; }
  int64_t padded_hidden() const { return padded_; }
  const float* w() const { return w_.data<float>(); }
  const float* c() const { return c_.data<float>(); }
  const float* v() const { return v_.data<float>(); }
  const float* b() const { return b_.data<float>(); }  // by step, not by pixel

 private:
  int64_t pixels_, hidden_, padded_;
  Tensor w_, c_, v_, b_;
};

// Sampling: `count` images advance together, one step (of the weights' order) at a time.
//
//   for each step: logits(out); choose symbols; observe(symbols)
class NadeStepper {
 public:
  // `weights` must outlive the stepper.
  NadeStepper(const NadePackedWeights& weights, int64_t count);

  void begin();                               // back to step 0
  int64_t step() const { return now_.step; }  // the step that logits() speaks of; D when all are done
  void logits(float* out);                    // [count]
  void observe(const int32_t* symbols);       // [count] of 0 and 1
  // Remembers where it is, and comes back to it, or to where it was `kept` steps later.
  void mark();
  void rewind(int64_t kept = 0);

 private:
  struct State {
    int64_t step = 0;
    Tensor sums, hidden, ahead;  // pre-activations, their sigmoids, and logits as long as no 1 is observed
    std::vector<uint8_t> stale;  // [count]: `ahead` no longer holds from this step on
  };
  static constexpr size_t kStepsKept = 256;
  void keep();
  static void assign(const State& from, State& to);
  const NadePackedWeights* weights_;
  int64_t count_;
  State now_;
  std::vector<State> kept_;  // at the mark, and after each step since
  size_t since_ = 0;         // how many of them hold, the mark's not counted
  bool has_mark_ = false;
};

}  // namespace mlrun::kernels
