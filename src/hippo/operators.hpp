// HiPPO: the history of a signal as coefficients of orthogonal polynomials, kept up to date by a linear system.
// Gu, Dao, Ermon, Rudra & Re 2020, "HiPPO: Recurrent Memory with Optimal Polynomial Projections", theorems 1 and 2.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace mlrun::hippo {

// What of the past counts, and how much.
enum class Measure : uint8_t {
  kLegS,  // all of it alike: uniform on [0, t]
  kLegT,  // the last theta alike: uniform on [t - theta, t]
  kLagT,  // all of it, fading as exp(-(t - x) / theta)
};
const char* name_of(Measure measure);  // "legs"

struct Matrix {  // row-major
  Matrix() = default;
  Matrix(int64_t row_count, int64_t column_count)
      : rows(row_count), columns(column_count), data(static_cast<size_t>(row_count * column_count)) {}
  double& at(int64_t r, int64_t c) { return data[static_cast<size_t>(r * columns + c)]; }
  double at(int64_t r, int64_t c) const { return data[static_cast<size_t>(r * columns + c)]; }
  int64_t rows = 0, columns = 0;
  std::vector<double> data;
};

// dc/dt = A c + B f(t) with LegT and LagT, and (1/t) (A c + B f(t)) with LegS:
//   LegS  A_nk = -sqrt((2n+1)(2k+1)) for n > k, -(n+1) for n = k, 0 for n < k;   B_n = sqrt(2n+1)
//   LegT  A_nk = -(1/theta) sqrt((2n+1)(2k+1)) (1 for n >= k, (-1)^(n-k) for n < k);   B_n = sqrt(2n+1) / theta
//   LagT  A_nk = -1/theta for n >= k, 0 for n < k;   B_n = 1/theta
// The coefficients are inner products with the orthonormal polynomials of the measure (hippo/basis.hpp): for LegT the
// paper's lambda_n = 1, for LagT its alpha = 0, beta = 1 (equations 1, 2 and 3; the minus signs are in A here).
struct System {
  Matrix a;
  std::vector<double> b;
};
System system_of(Measure measure, int64_t order, double theta = 1.0);  // theta > 0; not used by LegS

}  // namespace mlrun::hippo
