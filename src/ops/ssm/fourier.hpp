// A Fourier transform of M = m1 m2 points in double, as two products with tables: O(M (m1 + m2)).
#pragma once

#include <complex>
#include <cstdint>
#include <vector>

namespace mlrun::ops {

// sum_j x_j exp(+2 pi i j k / M), k = 0 .. M - 1. Cooley & Tukey 1965 with two factors.
class Fourier {
 public:
  explicit Fourier(int64_t at_least);  // M is the least product of two near factors that is not below
  int64_t size() const { return m1_ * m2_; }
  // re, im [M], in place.
  void operator()(double* re, double* im) const;
  std::complex<double> root(int64_t j) const { return roots_[static_cast<size_t>(j % size())]; }  // exp(2 pi i j / M)

 private:
  int64_t m1_, m2_;
  std::vector<std::complex<double>> roots_;
};

}  // namespace mlrun::ops
