#include "kernels/ssm/diagonal_ssm.hpp"

#include <algorithm>
#include <cmath>
#include <complex>
#include <vector>

#include "catch.hpp"
#include "kernels/every_target.hpp"
#include "kernels/ssm/diagonal_ssm_step.hpp"
#include "tensor/random_tensor.hpp"

using namespace mlrun;
using kernels::Discretisation;
using test::random_tensor;

namespace {

using C = std::complex<double>;

struct System {
  System(int64_t channels, int64_t poles, Discretisation rule, uint64_t seed, float dt_low = -6.9f,
         float dt_high = -2.3f)
      : log_dt(random_tensor({channels}, seed, dt_low, dt_high)),
        log_decay(random_tensor({channels, poles}, seed + 1, -2.0f, 1.0f)),
        frequency(random_tensor({channels, poles}, seed + 2, -2.0f, 100.0f)),
        c(random_tensor({2, channels, poles}, seed + 3, -1.0f, 1.0f)),
        d(random_tensor({channels}, seed + 4, -1.0f, 1.0f)) {
    shape = {
        channels,        poles,          rule, log_dt.data<float>(), log_decay.data<float>(), frequency.data<float>(),
        c.data<float>(), d.data<float>()};
  }
  Tensor log_dt, log_decay, frequency, c, d;
  kernels::DiagonalSsm shape;
};

double at(const Tensor& x, int64_t i) { return static_cast<double>(x.data<float>()[i]); }

struct Pole {
  C a, z, b, c;  // b: Bbar
};
Pole pole(const System& s, int64_t h, int64_t p) {
  const int64_t i = h * s.shape.poles + p, half = s.shape.channels * s.shape.poles;
  const double dt = std::exp(at(s.log_dt, h));
  Pole q;
  q.a = C(-std::exp(at(s.log_decay, i)), at(s.frequency, i));
  if (s.shape.discretisation == Discretisation::kBilinear) {
    q.z = (1.0 + dt * q.a / 2.0) / (1.0 - dt * q.a / 2.0);
    q.b = dt / (1.0 - dt * q.a / 2.0);
  } else {
    q.z = std::exp(dt * q.a);
    q.b = (q.z - 1.0) / q.a;
  }
  q.c = C(at(s.c, i), at(s.c, half + i));
  return q;
}

// The recurrence as it is defined.
std::vector<double> recurrence(const System& s, const Tensor& u) {
  const int64_t n = u.dim(0), length = u.dim(1), channels = u.dim(2);
  std::vector<double> y(static_cast<size_t>(u.count()));
  for (int64_t h = 0; h < channels; ++h) {
    std::vector<Pole> poles;
    for (int64_t p = 0; p < s.shape.poles; ++p) poles.push_back(pole(s, h, p));
    for (int64_t i = 0; i < n; ++i) {
      std::vector<C> x(poles.size());
      for (int64_t t = 0; t < length; ++t) {
        const int64_t place = (i * length + t) * channels + h;
        double sum = at(s.d, h) * at(u, place);
        for (size_t p = 0; p < poles.size(); ++p) {
          x[p] = poles[p].z * x[p] + poles[p].b * at(u, place);
          sum += 2 * (poles[p].c * x[p]).real();
        }
        y[static_cast<size_t>(place)] = sum;
      }
    }
  }
  return y;
}

// The greatest difference over the greatest value.
double error(const Tensor& a, const std::vector<double>& b) {
  double most = 0, size = 1e-9;
  for (int64_t i = 0; i < a.count(); ++i) {
    const double e = std::abs(at(a, i) - b[static_cast<size_t>(i)]);
    most = e >= 0 ? std::max(most, e) : HUGE_VAL;
    size = std::max(size, std::abs(b[static_cast<size_t>(i)]));
  }
  return most / size;
}

}  // namespace

TEST_CASE("a diagonal state space in chunks gives what its recurrence gives, at any length and width") {
  on_every_target([] {
    for (const Discretisation rule : {Discretisation::kZeroOrderHold, Discretisation::kBilinear}) {
      for (const int64_t length : {1, 3, 31, 32, 33, 64, 97, 200}) {
        for (const auto& [channels, poles] : {std::pair<int64_t, int64_t>{1, 1}, {6, 4}, {21, 16}, {16, 33}}) {
          const System s(channels, poles, rule, static_cast<uint64_t>(length + channels));
          const Tensor u = random_tensor({3, length, channels}, 7, -1.0f, 1.0f);
          Tensor y(u.shape());
          kernels::diagonal_ssm(s.shape, u.data<float>(), 3, length, y.data<float>());
          INFO("length " << length << ", channels " << channels << ", poles " << poles);
          CHECK(error(y, recurrence(s, u)) < 3e-6);
        }
      }
    }
  });
}

TEST_CASE("sixteen thousand positions of a diagonal state space that forgets nothing stay exact") {
  System s(2, 8, Discretisation::kZeroOrderHold, 5, -6.9f, -4.0f);
  s.log_decay.fill(-9.0f);
  const Tensor u = random_tensor({1, 16384, 2}, 7, -1.0f, 1.0f);
  Tensor y(u.shape());
  kernels::diagonal_ssm(s.shape, u.data<float>(), 1, 16384, y.data<float>());
  CHECK(error(y, recurrence(s, u)) < 1e-5);
}

TEST_CASE("the steps of a diagonal state space give what its recurrence gives, also after thousands of them") {
  on_every_target([] {
    for (const auto& [channels, length] : {std::pair<int64_t, int64_t>{1, 50}, {21, 50}, {2, 4000}}) {
      System s(channels, 8, Discretisation::kZeroOrderHold, 5);
      if (length > 1000) s.log_decay.fill(-9.0f);  // forgets nothing
      const Tensor u = random_tensor({3, length, channels}, 7, -1.0f, 1.0f);
      const kernels::DiagonalSsmSteps steps(s.shape);
      Tensor states = steps.begin(3), y(u.shape()), row({3, channels});
      for (int64_t t = 0; t < length; ++t) {
        for (int64_t i = 0; i < 3; ++i) {
          std::copy_n(u.data<float>() + (i * length + t) * channels, channels, row.data<float>() + i * channels);
        }
        steps(states, row.data<float>(), 3, row.data<float>());
        for (int64_t i = 0; i < 3; ++i) {
          std::copy_n(row.data<float>() + i * channels, channels, y.data<float>() + (i * length + t) * channels);
        }
      }
      INFO("channels " << channels << ", length " << length);
      CHECK(error(y, recurrence(s, u)) < (length > 1000 ? 1e-4 : 3e-6));
    }
  });
}

TEST_CASE("a diagonal state space's gradients are those of the sum over all pairs of positions") {
  on_every_target([] {
    for (const Discretisation rule : {Discretisation::kZeroOrderHold, Discretisation::kBilinear}) {
      for (const int64_t length : {1, 33, 70, 129}) {
        constexpr int64_t kChannels = 5, kPoles = 7, kSequences = 2;
        const System s(kChannels, kPoles, rule, static_cast<uint64_t>(length));
        const Tensor u = random_tensor({kSequences, length, kChannels}, 8, -1.0f, 1.0f);
        const Tensor dy = random_tensor(u.shape(), 9, -1.0f, 1.0f);
        // Correlations of u and dy by lag; the loss is sum_lag K[lag] R[lag].
        std::vector<double> du(static_cast<size_t>(u.count())), log_dt(kChannels), d(kChannels),
            log_decay(kChannels * kPoles), frequency(kChannels * kPoles), c(2 * kChannels * kPoles);
        for (int64_t h = 0; h < kChannels; ++h) {
          std::vector<double> by_lag(static_cast<size_t>(length)), kernel(by_lag.size());
          std::vector<Pole> poles;
          for (int64_t p = 0; p < kPoles; ++p) poles.push_back(pole(s, h, p));
          for (int64_t l = 0; l < length; ++l) {
            for (const Pole& q : poles) kernel[static_cast<size_t>(l)] += 2 * (q.c * q.b * std::pow(q.z, l)).real();
          }
          kernel[0] += at(s.d, h);
          for (int64_t i = 0; i < kSequences; ++i) {
            for (int64_t t = 0; t < length; ++t) {
              for (int64_t r = 0; r <= t; ++r) {
                const int64_t from = (i * length + r) * kChannels + h, to = (i * length + t) * kChannels + h;
                by_lag[static_cast<size_t>(t - r)] += at(u, from) * at(dy, to);
                du[static_cast<size_t>(from)] += kernel[static_cast<size_t>(t - r)] * at(dy, to);
              }
            }
          }
          d[static_cast<size_t>(h)] = by_lag[0];
          const double dt = std::exp(at(s.log_dt, h));
          for (int64_t p = 0; p < kPoles; ++p) {
            const Pole& q = poles[static_cast<size_t>(p)];
            C by_b = 0, by_z = 0;  // complex derivatives, of Re
            for (int64_t l = 0; l < length; ++l) {
              by_b += by_lag[static_cast<size_t>(l)] * 2.0 * std::pow(q.z, l);
              if (l > 0)
                by_z +=
                    by_lag[static_cast<size_t>(l)] * 2.0 * q.c * q.b * std::pow(q.z, l - 1) * static_cast<double>(l);
            }
            const size_t i = static_cast<size_t>(h * kPoles + p);
            c[i] = (by_b * q.b).real();
            c[i + kChannels * kPoles] = -(by_b * q.b).imag();
            by_b *= q.c;
            C z_by_a, z_by_dt, b_by_a, b_by_dt;
            if (rule == Discretisation::kBilinear) {
              const C x = 1.0 - dt * q.a / 2.0;
              z_by_a = dt / (x * x), z_by_dt = q.a / (x * x);
              b_by_a = dt * dt / 2.0 / (x * x), b_by_dt = 1.0 / (x * x);
            } else {
              z_by_a = dt * q.z, z_by_dt = q.a * q.z;
              b_by_a = (dt * q.z - q.b) / q.a, b_by_dt = q.z;
            }
            const C by_a = by_z * z_by_a + by_b * b_by_a;
            log_decay[i] = (by_a * q.a.real()).real();
            frequency[i] = (by_a * C(0, 1)).real();
            log_dt[static_cast<size_t>(h)] += dt * (by_z * z_by_dt + by_b * b_by_dt).real();
          }
        }
        Tensor to_u(u.shape()), to_dt = Tensor::zeros(s.log_dt.shape()), to_decay = Tensor::zeros(s.log_decay.shape()),
                                to_frequency = Tensor::zeros(s.frequency.shape()), to_c = Tensor::zeros(s.c.shape()),
                                to_d = Tensor::zeros(s.d.shape());
        kernels::diagonal_ssm_gradient(s.shape, u.data<float>(), dy.data<float>(), kSequences, length,
                                       {to_u.data<float>(), to_dt.data<float>(), to_decay.data<float>(),
                                        to_frequency.data<float>(), to_c.data<float>(), to_d.data<float>()});
        INFO("length " << length << (rule == Discretisation::kBilinear ? " bilinear" : " zoh"));
        CHECK(error(to_u, du) < 3e-6);
        CHECK(error(to_dt, log_dt) < 2e-5);
        CHECK(error(to_decay, log_decay) < 2e-5);
        CHECK(error(to_frequency, frequency) < 2e-5);
        CHECK(error(to_c, c) < 2e-5);
        CHECK(error(to_d, d) < 3e-6);
      }
    }
  });
}
