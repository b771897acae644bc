// The optimizer's two passes over the flat arenas of parameters and gradients.
//
// Pass one folds the lanes' gradients and takes their norm; then the caller looks at the norm (is it finite? is it to
// be clipped?); pass two updates. Both work on runs of the arenas, so that what a mask keeps at 0 is passed over, and
// may be cut between runs for any number of threads: the numbers come out the same.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/lanes.hpp"

namespace mlrun::kernels {

// lanes[0][i] = the sum of lanes[l][i] over l by the tree of base/lanes.hpp, for every i of the runs, and squares[r] =
// the sum over run r of lanes[0][i]^2. NaN or infinity in a gradient makes it NaN or infinity.
void fold_gradients(const std::vector<float*>& lanes, std::span<const Range> runs, double* squares);
// sqrt of the sum of squares [count], added up in order.
double gradient_norm(const double* squares, int64_t count);

// What the second pass of an update works on: the same ranges of numbers (`runs`) at each of these pointers. Rules are in
// optim/, one file each, and are made of kernels/optimizer/element_rule.hpp.
struct ParameterSlice {
  float* weights = nullptr;
  const float* gradients = nullptr;
  std::span<float* const> slots = {};  // what the rule keeps of each number, in the order of Optimizer::slots
  float* average = nullptr;  // exponential moving average of the weights: decay * itself + (1 - decay) * new weights
  std::span<const Range> runs = {};
};

struct UpdateScale {
  float gradient = 1.0f;       // every gradient is multiplied by this first (1 / batch, clipping)
  float average_decay = 0.0f;  // of ParameterSlice::average
};

}  // namespace mlrun::kernels
