// Gated units: that of van den Oord et al. 2016 (eq. 2), y = tanh(s) * sigmoid(g), and the gated linear unit of Dauphin
// et al. 2017 (eq. 1), y = s * sigmoid(g).
#pragma once

#include <cstdint>

namespace mlrun::kernels {

// x[rows, 2 width] holds s, then g, in every row; y[rows, width].
void gate(const float* x, int64_t rows, int64_t width, float* y);
// dx from x and dy: ds = dy sigmoid(g) (1 - tanh(s)^2), dg = dy tanh(s) sigmoid(g) (1 - sigmoid(g)).
void gate_gradient(const float* x, const float* dy, int64_t rows, int64_t width, float* dx);

// The same without the tanh: y = s sigmoid(g), ds = dy sigmoid(g), dg = dy s sigmoid(g) (1 - sigmoid(g)).
void glu(const float* x, int64_t rows, int64_t width, float* y);
void glu_gradient(const float* x, const float* dy, int64_t rows, int64_t width, float* dx);

}  // namespace mlrun::kernels
