// Stochastic gradient descent (momentum as in Sutskever et al. 2013, in PyTorch's form, dampening 0).
//   g = scale * gradient + weight_decay * w;  u = momentum * u + g;  w -= lr * (nesterov ? g + momentum * u : u)
#pragma once

#include "kernels/optimizer/optimizer.hpp"

namespace mlrun {

struct SgdStep {
  double lr = 0, momentum = 0, weight_decay = 0;
  bool nesterov = false;
};

// The slice's first slot is u; without momentum none is looked at.
void update(const SgdStep& rule, const kernels::UpdateScale& scale, const kernels::ParameterSlice& slice);

}  // namespace mlrun
