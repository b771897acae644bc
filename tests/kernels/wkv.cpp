#include "kernels/recurrent/wkv.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "catch.hpp"
#include "every_target.hpp"
#include "kernels/recurrent/token_shift.hpp"
#include "tensor/random_tensor.hpp"

using namespace mlrun;
using namespace mlrun::kernels;
using test::difference;
using test::numbers;
using test::random_tensor;

namespace {

struct Problem {
  WkvShape shape;
  float strongest;  // of keys, either way
};

struct Naive {
  std::vector<double> y, k, v, w, u;  // gradients but for y
};

// Weight by weight in double, with the greatest exponent taken off.
Naive naive(const WkvShape& s, const std::vector<double>& k, const std::vector<double>& v, const std::vector<double>& w,
            const std::vector<double>& u, const std::vector<double>& dy) {
  Naive r = {std::vector<double>(k.size()), std::vector<double>(k.size()), std::vector<double>(k.size()),
             std::vector<double>(w.size()), std::vector<double>(u.size())};
  for (int64_t i = 0; i < s.sequences; ++i) {
    for (int64_t c = 0; c < s.channels; ++c) {
      const size_t channel = static_cast<size_t>(c);
      const auto at = [&](int64_t t) { return static_cast<size_t>((i * s.length + t) * s.channels + c); };
      for (int64_t t = 0; t < s.length; ++t) {
        const auto exponent = [&](int64_t p) {
          return p == t ? u[channel] + k[at(t)] : k[at(p)] - static_cast<double>(t - 1 - p) * w[channel];
        };
        double top = exponent(t), mass = 0, sum = 0;
        for (int64_t p = 0; p < t; ++p) top = std::max(top, exponent(p));
        for (int64_t p = 0; p <= t; ++p) {
          const double e = std::exp(exponent(p) - top);
          mass += e;
          sum += e * v[at(p)];
        }
        const double y = sum / mass;
        r.y[at(t)] = y;
        for (int64_t p = 0; p <= t; ++p) {
          const double weight = std::exp(exponent(p) - top) / mass, d = dy[at(t)] * weight * (v[at(p)] - y);
          r.v[at(p)] += dy[at(t)] * weight;
          r.k[at(p)] += d;
          if (p == t) r.u[channel] += d;
          else r.w[channel] -= static_cast<double>(t - 1 - p) * d;
        }
      }
    }
  }
  return r;
}

}  // namespace

TEST_CASE("RWKV's averages and their gradients against double loops, also where an exponential alone would overflow") {
  for (const Problem& p : {Problem{{1, 1, 3}, 1}, Problem{{2, 40, 19}, 2}, Problem{{1, 90, 33}, 150}}) {
    const WkvShape& s = p.shape;
    CAPTURE(s.length, s.channels, p.strongest);
    const Tensor k = random_tensor({s.sequences, s.length, s.channels}, 1, -p.strongest, p.strongest),
                 v = random_tensor(k.shape(), 2), w = random_tensor({s.channels}, 3, 0.01f, 2.0f),
                 u = random_tensor({s.channels}, 4), dy = random_tensor(k.shape(), 5);
    const Naive expected = naive(s, numbers(k), numbers(v), numbers(w), numbers(u), numbers(dy));
    // A float holds an exponent of 150 to 1e-5.
    const double limit = p.strongest > 10 ? 1e-4 : 1e-5;
    on_every_target([&] {
      Tensor y(k.shape()), dk(k.shape()), dv(k.shape()), dw = Tensor::full({s.channels}, 1.0f),
                                                         du = Tensor::full({s.channels}, 2.0f);
      wkv(s, k.data<float>(), v.data<float>(), w.data<float>(), u.data<float>(), y.data<float>());
      CHECK(difference(y, expected.y) < limit);
      wkv_gradient(s, k.data<float>(), v.data<float>(), w.data<float>(), u.data<float>(), y.data<float>(),
                   dy.data<float>(), {dk.data<float>(), dv.data<float>(), dw.data<float>(), du.data<float>()});
      CHECK(difference(dk, expected.k) < limit);
      CHECK(difference(dv, expected.v) < limit);
      for (int64_t c = 0; c < s.channels; ++c) {
        const size_t i = static_cast<size_t>(c);
        CHECK(static_cast<double>(dw.data<float>()[c]) - 1 == Approx(expected.w[i]).epsilon(limit).margin(20 * limit));
        CHECK(static_cast<double>(du.data<float>()[c]) - 2 == Approx(expected.u[i]).epsilon(limit).margin(20 * limit));
      }
      Tensor state({3, s.channels}), one({s.channels});
      wkv_begin(s.channels, state.data<float>());
      for (int64_t t = 0; t < s.length; ++t) {  // of the first sequence, to the bit
        const int64_t at = t * s.channels;
        wkv_step(s.channels, k.data<float>() + at, v.data<float>() + at, w.data<float>(), u.data<float>(),
                 state.data<float>(), one.data<float>());
        CHECK(std::equal(one.data<float>(), one.data<float>() + s.channels, y.data<float>() + at));
      }
    });
  }
}

TEST_CASE("positions mixed with the one before them, and the gradients, against double loops") {
  const int64_t n = 2, length = 9, channels = 21;
  const Tensor x = random_tensor({n, length, channels}, 6), mix = random_tensor({channels}, 7, 0.0f, 1.0f),
               dy = random_tensor(x.shape(), 8);
  const std::vector<double> X = numbers(x), M = numbers(mix), DY = numbers(dy);
  std::vector<double> y(X.size()), dx(X.size()), dm(M.size());
  for (size_t j = 0; j < X.size(); ++j) {
    const size_t c = j % static_cast<size_t>(channels);
    const bool first = j / static_cast<size_t>(channels) % static_cast<size_t>(length) == 0;
    const double before = first ? 0 : X[j - static_cast<size_t>(channels)];
    y[j] = M[c] * X[j] + (1 - M[c]) * before;
    dx[j] += M[c] * DY[j];
    if (!first) dx[j - static_cast<size_t>(channels)] += (1 - M[c]) * DY[j];
    dm[c] += DY[j] * (X[j] - before);
  }
  on_every_target([&] {
    Tensor to_y(x.shape()), to_x(x.shape()), to_m = Tensor::zeros({channels});
    token_shift(n, length, channels, x.data<float>(), mix.data<float>(), to_y.data<float>());
    CHECK(difference(to_y, y) < 1e-6);
    token_shift_gradient(n, length, channels, x.data<float>(), mix.data<float>(), dy.data<float>(), to_x.data<float>(),
                         to_m.data<float>());
    CHECK(difference(to_x, dx) < 1e-6);
    CHECK(difference(to_m, dm) < 1e-5);
  });
}
