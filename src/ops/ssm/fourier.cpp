#include "ops/ssm/fourier.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace mlrun::ops {

Fourier::Fourier(int64_t at_least) {
  m1_ = std::max<int64_t>(1, static_cast<int64_t>(std::sqrt(static_cast<double>(at_least))));
  m2_ = (at_least + m1_ - 1) / m1_;
  for (int64_t j = 0; j < size(); ++j) {
    roots_.push_back(std::polar(1.0, 2 * std::numbers::pi * static_cast<double>(j) / static_cast<double>(size())));
  }
}

// j = j1 m2 + j2 and k = k1 + m1 k2, so jk / M = j1 k1 / m1 + j2 k1 / M + j2 k2 / m2 but for whole turns.
void Fourier::operator()(double* re, double* im) const {
  const auto count = static_cast<size_t>(size());
  std::vector<double> mid_re(count, 0.0), mid_im(count, 0.0);  // [k1, j2]
  for (int64_t k1 = 0; k1 < m1_; ++k1) {
    double *to_re = &mid_re[static_cast<size_t>(k1 * m2_)], *to_im = &mid_im[static_cast<size_t>(k1 * m2_)];
    for (int64_t j1 = 0; j1 < m1_; ++j1) {
      const std::complex<double> w = root(j1 * k1 % m1_ * m2_);
      const double wr = w.real(), wi = w.imag(), *from_re = re + j1 * m2_, *from_im = im + j1 * m2_;
      for (int64_t j2 = 0; j2 < m2_; ++j2) {
        to_re[j2] += wr * from_re[j2] - wi * from_im[j2];
        to_im[j2] += wr * from_im[j2] + wi * from_re[j2];
      }
    }
    for (int64_t j2 = 0; j2 < m2_; ++j2) {
      const std::complex<double> v = std::complex<double>(to_re[j2], to_im[j2]), w = root(j2 * k1);
      to_re[j2] = v.real() * w.real() - v.imag() * w.imag();
      to_im[j2] = v.real() * w.imag() + v.imag() * w.real();
    }
  }
  std::vector<double> out_re(static_cast<size_t>(m2_)), out_im(static_cast<size_t>(m2_));
  for (int64_t k1 = 0; k1 < m1_; ++k1) {
    std::fill(out_re.begin(), out_re.end(), 0.0);
    std::fill(out_im.begin(), out_im.end(), 0.0);
    for (int64_t j2 = 0; j2 < m2_; ++j2) {
      const double vr = mid_re[static_cast<size_t>(k1 * m2_ + j2)], vi = mid_im[static_cast<size_t>(k1 * m2_ + j2)];
      int64_t at = 0;  // j2 k2 m1 mod M
      for (int64_t k2 = 0; k2 < m2_; ++k2) {
        const std::complex<double>& w = roots_[static_cast<size_t>(at)];
        out_re[static_cast<size_t>(k2)] += vr * w.real() - vi * w.imag();
        out_im[static_cast<size_t>(k2)] += vr * w.imag() + vi * w.real();
        at += j2 * m1_;
        if (at >= size()) at -= size();
      }
    }
    for (int64_t k2 = 0; k2 < m2_; ++k2) {
      re[k1 + m1_ * k2] = out_re[static_cast<size_t>(k2)];
      im[k1 + m1_ * k2] = out_im[static_cast<size_t>(k2)];
    }
  }
}

}  // namespace mlrun::ops
