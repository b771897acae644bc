// The recurrent form of a diagonal multi-input, multi-output state-space layer:
//   x = lambda x + B u,   y = C x + d u,   and what follows it.
#pragma once

#include <vector>

#include "mixers/mixer.hpp"
#include "mixers/state_output.hpp"

namespace mlrun {

struct PackedDiagonal {
  Tensor lambda;         // [2, p]
  PackedLinear in, out;  // B: width -> 2 p, C: 2 p -> width
  Tensor skip;           // d [width]
  StateOutput::Packed output;
};

class DiagonalStepper : public MixerStepper {
 public:
  DiagonalStepper(const PackedDiagonal& packed, int64_t count);
  void extend(const float* u, int64_t length, float* y) override;

 protected:
  std::vector<Tensor> state() override { return {state_}; }

 private:
  const PackedDiagonal& packed_;
  int64_t count_, width_, states_;
  Tensor state_, input_, skipped_;  // input_ [rows, 2 states], where the states of each position are put
};

// y = C x + d u of all positions: x [n, length, 2 p], c [width, 2 p], skip [width], u [n, length, width].
Variable read_states(const Variable& x, const Variable& c, const Variable& skip, const Variable& u);

// How many sequences one pass should hold so that their states stay in an L2 cache of 1 MB: [length, 2 p] numbers go in,
// and as many are kept. At least 2, so that products have enough rows, and at most 4.
int64_t sequences_in_cache(int64_t length, int64_t states);

}  // namespace mlrun
