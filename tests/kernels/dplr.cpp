#include "kernels/ssm/dplr.hpp"

#include <algorithm>
#include <cmath>
#include <complex>
#include <vector>

#include "catch.hpp"
#include "kernels/every_target.hpp"
#include "tensor/random_tensor.hpp"

using namespace mlrun;
using test::random_tensor;

namespace {

using C = std::complex<double>;
using Doubles = std::vector<double>;

// The parameters of the systems, in the order of kernels::Dplr.
struct Parameters {
  Parameters(int64_t channels, int64_t poles, uint64_t seed, float dt_low = -4.0f, float dt_high = -1.0f)
      : tensors{random_tensor({channels}, seed, dt_low, dt_high),
                random_tensor({channels, poles}, seed + 1, -1.0f, 0.5f),
                random_tensor({channels, poles}, seed + 2, 0.5f, 30.0f),
                random_tensor({2, channels, poles}, seed + 3, -1.0f, 1.0f),
                random_tensor({2, channels, poles}, seed + 4, -1.0f, 1.0f),
                random_tensor({2, channels, poles}, seed + 5, -1.0f, 1.0f),
                random_tensor({channels}, seed + 6, -1.0f, 1.0f)} {
    const auto data = [&](size_t i) { return tensors[i].data<float>(); };
    shape = {channels, poles, data(0), data(1), data(2), data(3), data(4), data(5), data(6)};
  }
  std::vector<Tensor> tensors;
  kernels::Dplr shape;
};

// One channel's parameters in double: log_dt, log_decay, frequency, p, b, c (real parts, imaginary parts each), d.
Doubles of_channel(const Parameters& s, int64_t h) {
  Doubles v;
  const int64_t channels = s.shape.channels, poles = s.shape.poles;
  for (size_t i = 0; i < s.tensors.size(); ++i) {
    const int64_t each = i == 0 || i == 6 ? 1 : poles, parts = i >= 3 && i <= 5 ? 2 : 1;
    for (int64_t part = 0; part < parts; ++part) {
      for (int64_t k = 0; k < each; ++k)
        v.push_back(static_cast<double>(s.tensors[i].data<float>()[(part * channels + h) * each + k]));
    }
  }
  return v;
}

// The impulse response, by the whole matrices of all 2 P states: nothing is known of their structure.
Doubles impulse_response(const Doubles& v, int64_t poles, int64_t length) {
  const auto P = static_cast<size_t>(poles), n = 2 * P;
  const auto at = [&](size_t first, size_t i) {
    const C z(v[first + i % P], v[first + P + i % P]);
    return i < P ? z : std::conj(z);
  };
  const double dt = std::exp(v[0]);
  std::vector<C> left(n * n), right(n * n), input(n);  // left^-1 right = Abar, left^-1 input = Bbar
  for (size_t i = 0; i < n; ++i) {
    for (size_t j = 0; j < n; ++j) {
      C a = -at(1 + 2 * P, i) * std::conj(at(1 + 2 * P, j));
      if (i == j) {
        const double frequency = v[1 + P + i % P];
        a += C(-std::exp(v[1 + i % P]), i < P ? frequency : -frequency);
      }
      left[i * n + j] = (i == j ? 1.0 : 0.0) - dt / 2 * a;
      right[i * n + j] = (i == j ? 1.0 : 0.0) + dt / 2 * a;
    }
    input[i] = dt * at(1 + 4 * P, i);
  }
  for (size_t i = 0; i < n; ++i) {
    for (size_t r = 0; r < n; ++r) {
      if (r == i) continue;
      const C f = left[r * n + i] / left[i * n + i];
      for (size_t j = 0; j < n; ++j) {
        left[r * n + j] -= f * left[i * n + j];
        right[r * n + j] -= f * right[i * n + j];
      }
      input[r] -= f * input[i];
    }
  }
  for (size_t i = 0; i < n; ++i) {
    for (size_t j = 0; j < n; ++j) right[i * n + j] /= left[i * n + i];
    input[i] /= left[i * n + i];
  }
  Doubles kernel;
  std::vector<C> x = input;
  for (int64_t t = 0; t < length; ++t) {
    C y = t == 0 ? v.back() : 0.0;
    for (size_t i = 0; i < n; ++i) y += at(1 + 6 * P, i) * x[i];
    kernel.push_back(y.real());
    std::vector<C> next(n);
    for (size_t i = 0; i < n; ++i) {
      for (size_t j = 0; j < n; ++j) next[i] += right[i * n + j] * x[j];
    }
    x = next;
  }
  return kernel;
}

double at(const Tensor& x, int64_t i) { return static_cast<double>(x.data<float>()[i]); }

// The greatest difference over the greatest value.
double error(const Tensor& a, const Doubles& b) {
  double most = 0, size = 1e-9;
  for (int64_t i = 0; i < a.count(); ++i) {
    const double e = std::abs(at(a, i) - b[static_cast<size_t>(i)]);
    most = e >= 0 ? std::max(most, e) : HUGE_VAL;
    size = std::max(size, std::abs(b[static_cast<size_t>(i)]));
  }
  return most / size;
}

// y[t] = sum over lags of K[lag] u[t - lag], in double.
Doubles convolved(const Parameters& s, const Tensor& u) {
  const int64_t n = u.dim(0), length = u.dim(1), channels = u.dim(2);
  Doubles y(static_cast<size_t>(u.count()));
  for (int64_t h = 0; h < channels; ++h) {
    const Doubles k = impulse_response(of_channel(s, h), s.shape.poles, length);
    for (int64_t i = 0; i < n; ++i) {
      for (int64_t t = 0; t < length; ++t) {
        double sum = 0;
        for (int64_t r = 0; r <= t; ++r) sum += k[static_cast<size_t>(t - r)] * at(u, (i * length + r) * channels + h);
        y[static_cast<size_t>((i * length + t) * channels + h)] = sum;
      }
    }
  }
  return y;
}

}  // namespace

TEST_CASE("a diagonal plus low-rank state space in chunks gives what its matrices give, at any length and width") {
  on_every_target([] {
    for (const int64_t length : {1, 2, 63, 64, 65, 127, 128, 129, 200}) {
      for (const auto& [channels, poles] : {std::pair<int64_t, int64_t>{1, 1}, {5, 4}, {18, 2}, {2, 17}}) {
        const Parameters s(channels, poles, static_cast<uint64_t>(length + channels));
        const Tensor u = random_tensor({3, length, channels}, 7, -1.0f, 1.0f);
        Tensor y(u.shape());
        kernels::dplr_ssm(s.shape, u.data<float>(), 3, length, y.data<float>());
        INFO("length " << length << ", channels " << channels << ", poles " << poles);
        CHECK(error(y, convolved(s, u)) < 3e-6);
      }
    }
  });
}

TEST_CASE("thousands of positions of a diagonal plus low-rank state space that hardly forgets stay exact") {
  Parameters s(2, 4, 5, -6.9f, -4.0f);
  s.tensors[1].fill(-9.0f);
  for (int64_t i = 0; i < s.tensors[3].count(); ++i) s.tensors[3].data<float>()[i] *= 0.1f;
  const Tensor u = random_tensor({1, 6000, 2}, 7, -1.0f, 1.0f);
  Tensor y(u.shape());
  kernels::dplr_ssm(s.shape, u.data<float>(), 1, 6000, y.data<float>());
  CHECK(error(y, convolved(s, u)) < 2e-5);
}

TEST_CASE("no position of a diagonal plus low-rank state space sees a later one, to the bit") {
  const Parameters s(3, 5, 4);
  const Tensor u = random_tensor({2, 150, 3}, 7, -1.0f, 1.0f);
  Tensor y(u.shape()), z(u.shape());
  kernels::dplr_ssm(s.shape, u.data<float>(), 2, 150, y.data<float>());
  for (const int64_t from : {1, 31, 32, 63, 64, 65, 149}) {
    Tensor moved = u.clone();
    for (int64_t i = from * 3; i < 150 * 3; ++i) moved.data<float>()[i] += 1.0f;
    kernels::dplr_ssm(s.shape, moved.data<float>(), 2, 150, z.data<float>());
    INFO("changed from " << from);
    CHECK(std::equal(y.data<float>(), y.data<float>() + from * 3, z.data<float>()));
    CHECK(std::equal(y.data<float>() + 150 * 3, y.data<float>() + 300 * 3, z.data<float>() + 150 * 3));
    CHECK(y.data<float>()[from * 3] != z.data<float>()[from * 3]);
  }
}

TEST_CASE("a diagonal plus low-rank state space's gradients are those of the sum over all pairs of positions") {
  on_every_target([] {
    for (const int64_t length : {1, 2, 64, 65, 129, 200}) {
      constexpr int64_t kChannels = 3, kPoles = 3, kSequences = 2;
      const Parameters s(kChannels, kPoles, static_cast<uint64_t>(length));
      const Tensor u = random_tensor({kSequences, length, kChannels}, 8, -1.0f, 1.0f);
      const Tensor dy = random_tensor(u.shape(), 9, -1.0f, 1.0f);
      Doubles du(static_cast<size_t>(u.count()));
      std::vector<Doubles> exact;
      for (const Tensor& t : s.tensors) exact.emplace_back(static_cast<size_t>(t.count()));
      for (int64_t h = 0; h < kChannels; ++h) {
        Doubles v = of_channel(s, h), by_lag(static_cast<size_t>(length));
        const Doubles k = impulse_response(v, kPoles, length);
        for (int64_t i = 0; i < kSequences; ++i) {
          for (int64_t t = 0; t < length; ++t) {
            for (int64_t r = 0; r <= t; ++r) {
              const int64_t from = (i * length + r) * kChannels + h, to = (i * length + t) * kChannels + h;
              by_lag[static_cast<size_t>(t - r)] += at(u, from) * at(dy, to);
              du[static_cast<size_t>(from)] += k[static_cast<size_t>(t - r)] * at(dy, to);
            }
          }
        }
        const auto loss = [&] {
          const Doubles moved = impulse_response(v, kPoles, length);
          double sum = 0;
          for (size_t l = 0; l < by_lag.size(); ++l) sum += moved[l] * by_lag[l];
          return sum;
        };
        size_t place = 0;
        for (size_t i = 0; i < s.tensors.size(); ++i) {
          const int64_t each = i == 0 || i == 6 ? 1 : kPoles, parts = i >= 3 && i <= 5 ? 2 : 1;
          for (int64_t part = 0; part < parts; ++part) {
            for (int64_t j = 0; j < each; ++j, ++place) {
              constexpr double kStep = 1e-5;
              const double before = v[place];
              v[place] = before + kStep;
              const double up = loss();
              v[place] = before - kStep;
              const double down = loss();
              v[place] = before;
              exact[i][static_cast<size_t>((part * kChannels + h) * each + j)] = (up - down) / (2 * kStep);
            }
          }
        }
      }
      Tensor to_u(u.shape());
      std::vector<Tensor> to;
      for (const Tensor& t : s.tensors) to.push_back(Tensor::zeros(t.shape()));
      const auto data = [&](size_t i) { return to[i].data<float>(); };
      kernels::dplr_ssm_gradient(s.shape, u.data<float>(), dy.data<float>(), kSequences, length,
                                 {to_u.data<float>(), data(0), data(1), data(2), data(3), data(4), data(5), data(6)});
      INFO("length " << length);
      CHECK(error(to_u, du) < 3e-6);
      for (size_t i = 0; i < to.size(); ++i) {
        INFO("part " << i);
        CHECK(error(to[i], exact[i]) < 2e-5);
      }
    }
  });
}
