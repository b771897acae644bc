// Rotary positions (Su et al. 2021) for mixers that multiply queries with keys: pair i of a head's numbers is turned by
// position * 10000^(-i / pairs).
#pragma once

#include <vector>

#include "autograd/tape.hpp"

namespace mlrun {

class RotaryTable {
 public:
  // For heads of `size` numbers; a last odd one is left alone. `length` positions are prepared, and others made when
  // they come.
  RotaryTable(int64_t heads, int64_t size, int64_t length);
  Variable operator()(const Variable& x) const;                // [n, length, heads * size]
  void step(float* x, int64_t count, int64_t position) const;  // [count, heads * size], in place

 private:
  void fill(int64_t position, float* cosines, float* sines) const;
  int64_t heads_, size_;
  std::vector<double> frequency_;
  Tensor cosines_, sines_;  // [length, pairs]
};

}  // namespace mlrun
