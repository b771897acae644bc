#include "ops/ssm/dplr_kernel.hpp"

#include <algorithm>
#include <cmath>
#include <complex>
#include <vector>

#include "base/error.hpp"
#include "kernels/profile.hpp"
#include "kernels/ssm/dplr.hpp"
#include "ops/ssm/fourier.hpp"

namespace mlrun::ops {
namespace {

using Complex = std::complex<double>;
using Doubles = std::vector<double>;

constexpr int64_t kSums = kernels::kDplrSums;
constexpr double kAlias = 1e-8;  // r^M

// The points of one half of the circle; the other half is conjugate to it.
struct Circle {
  explicit Circle(int64_t length)
      : fourier(length),
        half(fourier.size() / 2 + 1),
        points((half + kernels::kDplrPoints - 1) / kernels::kDplrPoints * kernels::kDplrPoints),
        log_radius(std::log(kAlias) / static_cast<double>(fourier.size())) {
    for (int64_t j = 0; j < half; ++j) {
      const Complex z = std::exp(log_radius) * std::conj(fourier.root(j));
      sigma.push_back((1.0 - z) / (1.0 + z));
      factor.push_back(2.0 / (1.0 + z));
    }
  }
  // 1 / (M r^k)
  double weight(int64_t k) const {
    return std::exp(-log_radius * static_cast<double>(k)) / static_cast<double>(fourier.size());
  }
  double mirrored(int64_t j) const { return j == 0 || 2 * j == fourier.size() ? 1.0 : 2.0; }

  Fourier fourier;
  int64_t half, points;
  double log_radius;
  std::vector<Complex> sigma, factor;  // (1 - z) / (1 + z), 2 / (1 + z)
};

// One channel, in double.
struct Channel {
  Channel(const std::vector<Tensor>& v, int64_t h, const Circle& circle) {
    const int64_t channels = v[0].dim(0), poles = v[1].dim(1);
    dt = std::exp(static_cast<double>(v[0].data<float>()[h]));
    const auto complex_at = [&](const Tensor& t, int64_t i) {
      return Complex(static_cast<double>(t.data<float>()[h * poles + i]),
                     static_cast<double>(t.data<float>()[(channels + h) * poles + i]));
    };
    for (int64_t i = 0; i < poles; ++i) {
      lambda.emplace_back(-std::exp(static_cast<double>(v[1].data<float>()[h * poles + i])),
                          static_cast<double>(v[2].data<float>()[h * poles + i]));
      p.push_back(complex_at(v[3], i));
      b.push_back(complex_at(v[4], i));
      c.push_back(complex_at(v[5], i));
      minus_two_re.push_back(-2 * lambda.back().real());
      modulus.push_back(std::norm(lambda.back()));
    }
    for (int64_t q = 0; q < kSums; ++q) {
      for (size_t i = 0; i < lambda.size(); ++i) {
        x.push_back(2 * weight(q, i).real());
        y.push_back(2 * (weight(q, i) * std::conj(lambda[i])).real());
      }
    }
    s.assign(static_cast<size_t>(2 * circle.points), 1.0);
    for (int64_t j = 0; j < circle.half; ++j) {
      const Complex at = 2 / dt * circle.sigma[static_cast<size_t>(j)];
      s[static_cast<size_t>(j)] = at.real();
      s[static_cast<size_t>(circle.points + j)] = at.imag();
    }
    sums.resize(static_cast<size_t>(2 * kSums * circle.points));
    slopes.resize(sums.size());
    kernels::dplr_sums(poles_(), {circle.points, s.data()}, sums.data(), slopes.data());
  }
  // c R b, c R p, p^* R b, p^* R p.
  Complex weight(int64_t q, size_t i) const {
    return q == 0 ? c[i] * b[i] : q == 1 ? c[i] * p[i] : q == 2 ? std::conj(p[i]) * b[i] : Complex(std::norm(p[i]));
  }
  kernels::DplrPoles poles_() const {
    return {static_cast<int64_t>(lambda.size()), minus_two_re.data(), modulus.data(), x.data(), y.data()};
  }

  double dt = 0;
  std::vector<Complex> lambda, p, b, c;
  Doubles minus_two_re, modulus, x, y, s, sums, slopes;
};

Complex at(const Doubles& values, int64_t points, int64_t q, int64_t j) {
  return {values[static_cast<size_t>(2 * q * points + j)], values[static_cast<size_t>((2 * q + 1) * points + j)]};
}

void kernel_of(const Channel& channel, const Circle& circle, int64_t length, float* k) {
  const int64_t size = circle.fourier.size();
  Doubles re(static_cast<size_t>(size)), im(re.size());
  for (int64_t j = 0; j < circle.half; ++j) {
    const auto s = [&](int64_t q) { return at(channel.sums, circle.points, q, j); };
    const Complex value = circle.factor[static_cast<size_t>(j)] * (s(0) - s(1) * s(2) / (1.0 + s(3)));
    const auto here = static_cast<size_t>(j), there = static_cast<size_t>((size - j) % size);
    re[here] = re[there] = value.real();
    im[there] = -value.imag();
    im[here] = here == there ? 0.0 : value.imag();
  }
  circle.fourier(re.data(), im.data());
  for (int64_t i = 0; i < length; ++i) k[i] = static_cast<float>(re[static_cast<size_t>(i)] * circle.weight(i));
}

// Of one channel: dL = Re(conj(g) d..) for complex numbers.
struct ChannelGradient {
  double log_dt = 0;
  std::vector<Complex> lambda, p, b, c;
};

ChannelGradient gradient_of(const Channel& channel, const Circle& circle, int64_t length, const float* dk) {
  const auto size = static_cast<size_t>(circle.fourier.size());
  const size_t poles = channel.lambda.size();
  Doubles re(size), im(size), g(channel.sums.size()), gs(channel.s.size());
  for (int64_t i = 0; i < length; ++i) re[static_cast<size_t>(i)] = static_cast<double>(dk[i]) * circle.weight(i);
  circle.fourier(re.data(), im.data());
  for (int64_t j = 0; j < circle.half; ++j) {
    const auto s = [&](int64_t q) { return at(channel.sums, circle.points, q, j); };
    const Complex d = 1.0 + s(3);
    const Complex value = Complex(re[static_cast<size_t>(j)], -im[static_cast<size_t>(j)]) * circle.mirrored(j) *
                          std::conj(circle.factor[static_cast<size_t>(j)]);
    const Complex parts[kSums] = {value, -value * std::conj(s(2) / d), -value * std::conj(s(1) / d),
                                  value * std::conj(s(1) * s(2) / (d * d))};
    Complex of_s = 0;
    for (int64_t q = 0; q < kSums; ++q) {
      g[static_cast<size_t>(2 * q * circle.points + j)] = parts[q].real();
      g[static_cast<size_t>((2 * q + 1) * circle.points + j)] = parts[q].imag();
      of_s += std::conj(at(channel.slopes, circle.points, q, j)) * parts[q];
    }
    gs[static_cast<size_t>(j)] = of_s.real();
    gs[static_cast<size_t>(circle.points + j)] = of_s.imag();
  }
  Doubles dx(kSums * poles), dy(kSums * poles), db(poles), dm(poles);
  kernels::dplr_sums_gradient(channel.poles_(), {circle.points, channel.s.data()}, g.data(),
                              {dx.data(), dy.data(), db.data(), dm.data(), gs.data()});
  ChannelGradient to;
  for (size_t j = 0; j < gs.size(); ++j) to.log_dt -= gs[j] * channel.s[j];  // s is proportional to 1 / dt
  for (size_t i = 0; i < poles; ++i) {
    const Complex lambda = channel.lambda[i], p = channel.p[i], b = channel.b[i], c = channel.c[i];
    Complex w[kSums], of_lambda = -2 * db[i] + 2.0 * dm[i] * lambda;
    for (int64_t q = 0; q < kSums; ++q) {
      const double x = dx[static_cast<size_t>(q) * poles + i], y = dy[static_cast<size_t>(q) * poles + i];
      w[q] = 2 * x + 2 * y * lambda;
      of_lambda += 2 * y * channel.weight(q, i);
    }
    to.lambda.push_back(of_lambda);
    to.p.push_back(std::conj(c) * w[1] + b * std::conj(w[2]) + 2 * w[3].real() * p);
    to.b.push_back(std::conj(c) * w[0] + p * w[2]);
    to.c.push_back(std::conj(b) * w[0] + std::conj(p) * w[1]);
  }
  return to;
}

void add(Destination& to, int64_t index, double value) {
  if (to.needed) to.tensor.data<float>()[index] += static_cast<float>(value);
}

}  // namespace

Variable dplr_kernel(const DplrSystem& system, int64_t length) {
  const std::vector<Variable> inputs = {system.log_dt, system.log_decay, system.frequency,
                                        system.p,      system.b,         system.c};
  std::vector<Tensor> values;
  for (const Variable& v : inputs) values.push_back(v.value());
  const int64_t channels = values[0].dim(0), poles = values[1].dim(1);
  for (size_t i = 1; i < values.size(); ++i) {
    require(values[i].shape() == (i < 3 ? Shape({channels, poles}) : Shape({2, channels, poles})),
            "part {} of a DPLR system is {}", i, to_string(values[i].shape()));
  }
  Tensor k({channels, length});
  {
    const kernels::profile::Scope scope("dplr kernel", "own", 0, 0);
    const Circle circle(length);
    for (int64_t h = 0; h < channels; ++h) {
      kernel_of(Channel(values, h, circle), circle, length, k.data<float>() + h * length);
    }
  }
  return record_joint(k, inputs, [values, channels, poles, length](const Tensor& dy, std::vector<Destination>& to) {
    const kernels::profile::Scope scope("dplr kernel gradient", "own", 0, 0);
    for (Destination& t : to) {
      if (t.needed && !t.accumulate) t.tensor.fill(0);
    }
    const Circle circle(length);
    for (int64_t h = 0; h < channels; ++h) {
      const Channel channel(values, h, circle);
      const ChannelGradient g = gradient_of(channel, circle, length, dy.data<float>() + h * length);
      add(to[0], h, g.log_dt);
      for (int64_t i = 0; i < poles; ++i) {
        const int64_t re = h * poles + i, im = (channels + h) * poles + i;
        const auto n = static_cast<size_t>(i);
        add(to[1], re, g.lambda[n].real() * channel.lambda[n].real());  // re = -exp(log_decay)
        add(to[2], re, g.lambda[n].imag());
        add(to[3], re, g.p[n].real());
        add(to[3], im, g.p[n].imag());
        add(to[4], re, g.b[n].real());
        add(to[4], im, g.b[n].imag());
        add(to[5], re, g.c[n].real());
        add(to[5], im, g.c[n].imag());
      }
    }
  });
}

}  // namespace mlrun::ops
