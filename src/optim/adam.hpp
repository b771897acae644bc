// Adam (Kingma & Ba 2015) and AdamW (Loshchilov & Hutter 2019), both as in PyTorch. t = number of the step, from 1.
//   Adam:  g = scale * gradient + weight_decay * w         AdamW:  g = scale * gradient, w *= 1 - lr * weight_decay
//   m = beta1 m + (1 - beta1) g;  v = beta2 v + (1 - beta2) g^2
//   w -= lr / (1 - beta1^t) * m / (sqrt(v / (1 - beta2^t)) + eps)
#pragma once

#include <cstdint>

#include "kernels/optimizer/optimizer.hpp"

namespace mlrun {

struct AdamStep {
  double lr = 0, beta1 = 0.9, beta2 = 0.999, eps = 1e-8, weight_decay = 0;
  bool decoupled = false;  // AdamW
  int64_t number = 1;
};

// The slice's slots are m and v.
void update(const AdamStep& rule, const kernels::UpdateScale& scale, const kernels::ParameterSlice& slice);

}  // namespace mlrun
