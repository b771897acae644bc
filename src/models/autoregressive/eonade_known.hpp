// Which positions an orderless model knows in a training step (eonade, ardm).
#pragma once

#include <cstdint>
#include <vector>

#include "base/random.hpp"
#include "tensor/tensor.hpp"

namespace mlrun {

// What a training loss conditions on, and how the rest counts: [n, positions] each.
struct Known {
  Tensor mask;     // 1: known
  Tensor weights;  // 1 / (u q(u)) at each of u unknown positions, else 0
};

// How often u = 1 .. D positions are left unknown: result[u - 1] = q(u). The paper takes q = 1 / D, which makes the
// weight of an unknown position D / u. But an example with few unknown positions has a noisy gradient, a sum of few
// terms of a large weight, so such examples are drawn more often and count less: q(u) ~ sqrt(1 / u + 1 / 50), about the
// size of the gradient (importance sampling; the mean is the same).
std::vector<double> shares_of_unknown(int64_t positions);

// Each of n examples draws its own set, of a size by `shares`. The sizes are spread evenly over the batch (systematic
// sampling), which leaves the mean alone and takes away variance.
Known draw_known(int64_t n, const std::vector<double>& shares, const RandomStream& noise);

}  // namespace mlrun
