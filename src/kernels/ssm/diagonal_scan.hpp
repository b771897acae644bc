// The linear recurrence of diagonal state-space models, elementwise over p complex states:
//   x_t = lambda x_{t-1} + v_t,   x_{-1} = 0.
//
// A row of states is p real parts, then p imaginary parts; lambda is such a row. Rows pass once through the caches: the
// row before is what the state is read from.
#pragma once

#include <cstdint>

namespace mlrun::kernels {

// v, x [n, length, 2 p]; x may be v.
void diagonal_scan(const float* lambda, const float* v, int64_t n, int64_t length, int64_t p, float* x);
// x [count, 2 p], replaced by the next states.
void diagonal_scan_step(const float* lambda, const float* v, int64_t count, int64_t p, float* x);

// From dx, what arrives at every x: dv_t = dx_t + conj(lambda) dv_{t+1}, and dlambda [2 p] += the sum over sequences
// and t > 0 of dv_t conj(x_{t-1}). dv may be dx.
void diagonal_scan_gradient(const float* lambda, const float* x, const float* dx, int64_t n, int64_t length, int64_t p,
                            float* dv, double* dlambda);

}  // namespace mlrun::kernels
