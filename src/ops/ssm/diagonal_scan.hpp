// The linear recurrence of diagonal state-space models, and the discrete poles it runs with. A complex row of p numbers
// is [2, p] or [2 p]: real parts, then imaginary parts.
#pragma once

#include "autograd/tape.hpp"
#include "kernels/ssm/diagonal_ssm.hpp"

namespace mlrun::ops {

// x_t = lambda x_{t-1} + v_t from x_{-1} = 0: v [n, length, 2 p], lambda [2, p] -> [n, length, 2 p].
Variable diagonal_scan(const Variable& v, const Variable& lambda);

// lambda [2, p] = exp(-exp(nu_log) + i exp(theta_log)), both [p]: inside the unit circle whatever they are (Orvieto et
// al. 2023, eq. 5).
Variable exponential_poles(const Variable& nu_log, const Variable& theta_log);

using kernels::Discretisation;

// The continuous-time system x' = a x + u with a = -exp(real_log) + i imaginary and time step d = exp(step_log), all
// [p], as x_t = lambda x_{t-1} + scale u_t. The result [4, p] holds lambda and then scale:
//   zero-order hold: lambda = exp(a d), scale = (lambda - 1) / a;
//   bilinear: lambda = (1 + a d / 2) / (1 - a d / 2), scale = d / (1 - a d / 2).
// Computed in double.
Variable discretise(const Variable& real_log, const Variable& imaginary, const Variable& step_log, Discretisation rule);

// The rows of b [2, p, in] (complex), each times its number in scale [2, p] (complex) -> [2 p, in].
Variable scale_complex_rows(const Variable& b, const Variable& scale);

}  // namespace mlrun::ops
