#include "mixers/s4_steps.hpp"

#include <cmath>

namespace mlrun {

S4Steps::S4Steps(const ops::DplrSystem& system) : channels_(system.log_decay.dim(0)), poles_(system.log_decay.dim(1)) {
  using Complex = std::complex<double>;
  const auto put = [](Parts& parts, Complex v) {
    parts.re.push_back(static_cast<float>(v.real()));
    parts.im.push_back(static_cast<float>(v.imag()));
  };
  const auto number = [](const Variable& v, int64_t i) { return static_cast<double>(v.value().data<float>()[i]); };
  for (int64_t h = 0; h < channels_; ++h) {
    const double dt = std::exp(number(system.log_dt, h)), k = dt / 2;
    const auto complex_at = [&](const Variable& v, int64_t i) {
      return Complex(number(v, h * poles_ + i), number(v, (channels_ + h) * poles_ + i));
    };
    const auto lambda = [&](int64_t i) {
      return Complex(-std::exp(number(system.log_decay, h * poles_ + i)), number(system.frequency, h * poles_ + i));
    };
    double pep = 0;
    for (int64_t i = 0; i < poles_; ++i) {
      pep += 2 * (std::norm(complex_at(system.p, i)) / (1.0 - k * lambda(i))).real();
    }
    const double phi = k / (1 + k * pep);
    for (int64_t i = 0; i < poles_; ++i) {
      const Complex p = complex_at(system.p, i), e = 1.0 / (1.0 - k * lambda(i));
      put(forth_, 1.0 + k * lambda(i));
      put(kp_, k * p);
      put(p_, p);
      put(input_, dt * complex_at(system.b, i));
      put(back_, e);
      put(correction_, e * p * phi);
      put(c_, complex_at(system.c, i));
    }
    d_.push_back(system.d.value().data<float>()[h]);
  }
}

Tensor S4Steps::begin(int64_t count) const { return Tensor::zeros({count, channels_, 2, poles_}); }

void S4Steps::operator()(Tensor& states, const float* u, int64_t count, float* y) const {
  for (int64_t i = 0; i < count * channels_; ++i) {
    const int64_t h = i % channels_;
    float *re = states.data<float>() + 2 * i * poles_, *im = re + poles_;
    const auto first = static_cast<size_t>(h * poles_);
    const float in = u[i];
    float px = 0;
    for (int64_t n = 0; n < poles_; ++n) {
      const size_t at = first + static_cast<size_t>(n);
      px += 2 * (p_.re[at] * re[n] + p_.im[at] * im[n]);
    }
    float per = 0;
    for (int64_t n = 0; n < poles_; ++n) {
      const size_t at = first + static_cast<size_t>(n);
      const float a = forth_.re[at] * re[n] - forth_.im[at] * im[n] - kp_.re[at] * px + input_.re[at] * in;
      const float b = forth_.re[at] * im[n] + forth_.im[at] * re[n] - kp_.im[at] * px + input_.im[at] * in;
      re[n] = back_.re[at] * a - back_.im[at] * b;
      im[n] = back_.re[at] * b + back_.im[at] * a;
      per += 2 * (p_.re[at] * re[n] + p_.im[at] * im[n]);
    }
    float sum = 0;
    for (int64_t n = 0; n < poles_; ++n) {
      const size_t at = first + static_cast<size_t>(n);
      re[n] -= correction_.re[at] * per;
      im[n] -= correction_.im[at] * per;
      sum += 2 * (c_.re[at] * re[n] - c_.im[at] * im[n]);
    }
    y[i] = sum + d_[static_cast<size_t>(h)] * in;
  }
}

}  // namespace mlrun
