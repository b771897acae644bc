// Initial values of parameters. Names and formulas as in Glorot & Bengio 2010 and He et al. 2015.
#pragma once

#include <vector>

#include "nn/parameters.hpp"

namespace mlrun::initialise {

Initialiser zeros();
Initialiser constant(float value);
Initialiser rows(std::vector<double> row);                    // every row the same
Initialiser uniform(double bound);                            // U(-bound, bound)
Initialiser normal(double deviation);                         // N(0, deviation^2)
Initialiser glorot_uniform(int64_t fan_in, int64_t fan_out);  // bound sqrt(6 / (fan_in + fan_out))
Initialiser kaiming_uniform(int64_t fan_in);                  // bound sqrt(6 / fan_in): for ReLU
// bound 1 / sqrt(fan_in): what most published baselines of this field were trained with (PyTorch's linear layer).
Initialiser lecun_uniform(int64_t fan_in);

}  // namespace mlrun::initialise
