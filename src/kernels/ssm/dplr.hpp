// The Cauchy sums of a diagonal plus low-rank state space (S4: Gu, Goel & Re 2022, "Efficiently Modeling Long Sequences
// with Structured State Spaces", theorem 3), in double, for one channel at many points s of the right half plane:
//   S_q(s) = sum_p (w_qp / (s - lambda_p) + conj(w_qp) / (s - conj(lambda_p)))
//          = sum_p (s x_qp - y_qp) r_p(s),   r_p = 1 / (s^2 + b_p s + m_p),
// x = 2 Re w, y = 2 Re(w conj(lambda)), b = -2 Re lambda, m = |lambda|^2; q = 0 .. 3.
#pragma once

#include <cstdint>

namespace mlrun::kernels {

constexpr int64_t kDplrSums = 4;
constexpr int64_t kDplrPoints = 8;  // the number of points is a multiple of it

struct DplrPoles {
  int64_t count = 0;
  const double *b = nullptr, *m = nullptr;  // [count]
  const double *x = nullptr, *y = nullptr;  // [kDplrSums, count]
};
struct DplrAt {
  int64_t points = 0;
  const double* s = nullptr;  // [2, points]: real parts, imaginary parts
};

// sums and slopes [kDplrSums, 2, points]; slope_q = sum_p x_qp r_p.
void dplr_sums(const DplrPoles& poles, const DplrAt& at, double* sums, double* slopes);

// From g [kDplrSums, 2, points], dL = Re(conj(g) dS): the gradients of x, y, b, m, overwritten, and of s by way of the
// denominators r alone, [2, points], added to.
struct DplrGradient {
  double *x = nullptr, *y = nullptr, *b = nullptr, *m = nullptr, *s = nullptr;
};
void dplr_sums_gradient(const DplrPoles& poles, const DplrAt& at, const double* g, const DplrGradient& to);

}  // namespace mlrun::kernels
