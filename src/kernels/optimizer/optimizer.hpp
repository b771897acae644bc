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

// What the second pass of an update works on: the same ranges of numbers (`runs`) at each of these pointers.
struct ParameterSlice {
  float* weights = nullptr;
  const float* gradients = nullptr;
  float* first = nullptr;    // momentum (sgd), m (adam), sum of squares (adagrad); null for sgd without momentum
  float* second = nullptr;   // v (adam); null for the others
  float* average = nullptr;  // exponential moving average of the weights: decay * itself + (1 - decay) * new weights
  uint16_t* bf16 = nullptr;  // copy of the new weights, rounded to nearest even
  std::span<const Range> runs;
};

struct UpdateScale {
  float gradient = 1.0f;       // every gradient is multiplied by this first (1 / batch, clipping)
  float average_decay = 0.0f;  // of ParameterSlice::average
};

// Stochastic gradient descent (momentum as in Sutskever et al. 2013, in PyTorch's form, dampening 0).
//   g = scale * gradient + weight_decay * w;  u = momentum * u + g;  w -= lr * (nesterov ? g + momentum * u : u)
struct Sgd {
  double lr = 0, momentum = 0, weight_decay = 0;
  bool nesterov = false;
};

// Adam (Kingma and Ba 2015) and, if `decoupled`, AdamW (Loshchilov and Hutter 2019), both as in PyTorch. t = step,
// from 1.
//   Adam:  g = scale * gradient + weight_decay * w         AdamW:  g = scale * gradient, w *= 1 - lr * weight_decay
//   m = beta1 m + (1 - beta1) g;  v = beta2 v + (1 - beta2) g^2
//   w -= lr / (1 - beta1^t) * m / (sqrt(v / (1 - beta2^t)) + eps)
struct Adam {
  double lr = 0, beta1 = 0.9, beta2 = 0.999, eps = 1e-8, weight_decay = 0;
  bool decoupled = false;
  int64_t step = 1;
};

// Adagrad (Duchi et al. 2011), as in PyTorch.
//   g = scale * gradient + weight_decay * w;  s += g^2;  w -= lr / (1 + (t - 1) lr_decay) * g / (sqrt(s) + eps)
struct Adagrad {
  double lr = 0, lr_decay = 0, eps = 1e-10, weight_decay = 0;
  int64_t step = 1;
};

void update(const Sgd& rule, const UpdateScale& scale, const ParameterSlice& slice);
void update(const Adam& rule, const UpdateScale& scale, const ParameterSlice& slice);
void update(const Adagrad& rule, const UpdateScale& scale, const ParameterSlice& slice);

}  // namespace mlrun::kernels
