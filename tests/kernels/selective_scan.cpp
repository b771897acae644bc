#include "kernels/ssm/selective_scan.hpp"

#include <cmath>
#include <vector>

#include "catch.hpp"
#include "every_target.hpp"
#include "tensor/random_tensor.hpp"

using namespace mlrun;
using namespace mlrun::kernels;
using test::random_tensor;

namespace {

struct Naive {
  std::vector<double> y, u, delta, a, b, c, skip;  // gradients but for y
};

// Position after position, in double, and backward through it.
Naive naive(const ScanShape& s, const std::vector<Tensor>& in, const Tensor& dy) {
  const auto value = [](const Tensor& t, int64_t i) { return static_cast<double>(t.data<float>()[i]); };
  const auto zeros = [](const Tensor& t) { return std::vector<double>(static_cast<size_t>(t.count())); };
  Naive r = {zeros(dy), zeros(in[0]), zeros(in[1]), zeros(in[2]), zeros(in[3]), zeros(in[4]), zeros(in[5])};
  for (int64_t i = 0; i < s.sequences; ++i) {
    for (int64_t k = 0; k < s.channels; ++k) {
      for (int64_t n = 0; n < s.states; ++n) {
        std::vector<double> h = {0};
        const int64_t pole = k * s.states + n;
        const auto at = [&](int64_t t) { return (i * s.length + t) * s.channels + k; };
        const auto in_states = [&](int64_t t) { return (i * s.length + t) * s.states + n; };
        const auto kept = [&](int64_t t) { return std::exp(value(in[1], at(t)) * value(in[2], pole)); };
        for (int64_t t = 0; t < s.length; ++t) {
          h.push_back(kept(t) * h.back() + value(in[1], at(t)) * value(in[3], in_states(t)) * value(in[0], at(t)));
          r.y[static_cast<size_t>(at(t))] += value(in[4], in_states(t)) * h.back();
          if (n == 0) r.y[static_cast<size_t>(at(t))] += value(in[5], k) * value(in[0], at(t));
        }
        double dh = 0;
        for (int64_t t = s.length - 1; t >= 0; --t) {
          const size_t p = static_cast<size_t>(at(t)), q = static_cast<size_t>(in_states(t));
          const double g = value(dy, at(t)), u = value(in[0], at(t)), delta = value(in[1], at(t)),
                       b = value(in[3], in_states(t)), before = h[static_cast<size_t>(t)];
          if (n == 0) r.u[p] += value(in[5], k) * g, r.skip[static_cast<size_t>(k)] += u * g;
          dh += g * value(in[4], in_states(t));
          r.c[q] += g * h[static_cast<size_t>(t + 1)];
          r.b[q] += dh * delta * u;
          r.u[p] += dh * delta * b;
          r.delta[p] += dh * (b * u + kept(t) * before * value(in[2], pole));
          r.a[static_cast<size_t>(pole)] += dh * kept(t) * before * delta;
          dh *= kept(t);
        }
      }
    }
  }
  return r;
}

double error(const Tensor& x, const std::vector<double>& expected) {
  double most = 1;
  for (const double e : expected) most = std::max(most, std::fabs(e));
  return test::difference(x, expected) / most;
}

}  // namespace

TEST_CASE("a selective scan and its gradients are those of the recurrence, in any number of chunks") {
  for (const ScanShape& s : {ScanShape{2, 1, 3, 2}, {2, 32, 5, 3}, {1, 33, 16, 16}, {2, 100, 19, 5}}) {
    for (const float strongest : {0.3f, 40.0f}) {
      const Shape channels = {s.sequences, s.length, s.channels}, states = {s.sequences, s.length, s.states};
      const std::vector<Tensor> in = {random_tensor(channels, 1),
                                      random_tensor(channels, 2, 0.01f, 1.0f),
                                      random_tensor({s.channels, s.states}, 3, -strongest, 0.0f),
                                      random_tensor(states, 4),
                                      random_tensor(states, 5),
                                      random_tensor({s.channels}, 6)};
      const Tensor dy = random_tensor(channels, 7), poles = turned_poles(in[2]);
      const Naive expected = naive(s, in, dy);
      const ScanInputs inputs = {in[0].data<float>(), in[1].data<float>(), poles.data<float>(),
                                 in[3].data<float>(), in[4].data<float>(), in[5].data<float>()};
      CAPTURE(s.length, s.channels, s.states, strongest);
      on_every_target([&] {
        Tensor y(channels), borders = Tensor::full({std::max<int64_t>(1, s.border_count())}, NAN), without(channels);
        selective_scan(s, inputs, y.data<float>(), borders.data<float>());
        selective_scan(s, inputs, without.data<float>(), nullptr);
        CHECK(error(y, expected.y) < 2e-6);
        CHECK(test::difference(y, without) == 0);
        Tensor du(channels), delta(channels), db(states), dc(states), d_poles = Tensor::zeros(poles.shape()),
                                                                      skip = Tensor::zeros({s.channels});
        selective_scan_gradient(s, inputs, dy.data<float>(), borders.data<float>(),
                                {du.data<float>(), delta.data<float>(), db.data<float>(), dc.data<float>(),
                                 d_poles.data<float>(), skip.data<float>()});
        CHECK(error(du, expected.u) < 4e-6);
        CHECK(error(delta, expected.delta) < 4e-6);
        CHECK(error(db, expected.b) < 4e-6);
        CHECK(error(dc, expected.c) < 4e-6);
        CHECK(error(skip, expected.skip) < 4e-6);
        Tensor da(in[2].shape());
        for (int64_t k = 0; k < s.channels; ++k) {
          for (int64_t n = 0; n < s.states; ++n)
            da.data<float>()[k * s.states + n] = d_poles.data<float>()[n * s.padded() + k];
        }
        CHECK(error(da, expected.a) < 4e-6);
      });
    }
  }
}
