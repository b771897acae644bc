// Rotary positions (Su et al. 2021) for mixers that multiply queries with keys: each pair of a head's numbers is turned
// by an angle that its position decides.
#pragma once

#include <functional>
#include <vector>

#include "autograd/tape.hpp"

namespace mlrun {

// base^(-i / pairs): the angle, in radians, by which pair i is turned from one position to the next.
std::vector<double> rotary_frequencies(int64_t pairs, double base = 10000);

class RotaryTable {
 public:
  // The angle of each pair at a position, in radians.
  using Angles = std::function<std::vector<double>(int64_t position)>;

  RotaryTable() = default;
  // For heads of `size` numbers, of which `pairs` pairs are turned and the rest is left alone. `length` positions are
  // prepared, and others made when they come.
  RotaryTable(int64_t size, int64_t pairs, Angles angles, int64_t length);
  // All pairs of a head, by rotary_frequencies; a last odd number is left alone.
  RotaryTable(int64_t size, int64_t length);
  Variable operator()(const Variable& x) const;  // [n, length, heads * size], any number of heads
  // x [length, count, heads * size] from `position` on, in place.
  void extend(float* x, int64_t count, int64_t heads, int64_t position, int64_t length) const;

 private:
  void fill(int64_t position, float* cosines, float* sines) const;
  int64_t size_ = 0, pairs_ = 0;
  Angles angles_;
  Tensor cosines_, sines_;  // [length, pairs]
};

}  // namespace mlrun
