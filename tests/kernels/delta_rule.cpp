#include "kernels/ssm/delta_rule.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "catch.hpp"
#include "every_target.hpp"
#include "tensor/random_tensor.hpp"

using namespace mlrun;
using namespace mlrun::kernels;
using test::difference;
using test::numbers;
using test::random_tensor;

namespace {

using Doubles = std::vector<double>;
struct Naive {
  Doubles y, q, k, v, share;  // gradients but for y
};

// Position after position, in double, and backward through it.
Naive naive(const DeltaShape& s, const Doubles& q, const Doubles& k, const Doubles& v, const Doubles& share,
            const Doubles& dy) {
  Naive r = {Doubles(v.size()), Doubles(q.size()), Doubles(k.size()), Doubles(v.size()), Doubles(share.size())};
  const size_t n = static_cast<size_t>(s.keys), m = static_cast<size_t>(s.values), heads = static_cast<size_t>(s.heads),
               length = static_cast<size_t>(s.length);
  for (size_t i = 0; i < static_cast<size_t>(s.sequences); ++i) {
    for (size_t h = 0; h < heads; ++h) {
      std::vector<Doubles> states = {Doubles(n * m)}, changes;
      const auto at = [&](size_t t) { return (i * length + t) * heads + h; };
      for (size_t t = 0; t < length; ++t) {
        Doubles state = states.back(), change(m);
        for (size_t b = 0; b < m; ++b) {
          double held = 0;
          for (size_t a = 0; a < n; ++a) held += state[a * m + b] * k[at(t) * n + a];
          change[b] = v[at(t) * m + b] - held;
          for (size_t a = 0; a < n; ++a) {
            state[a * m + b] += k[at(t) * n + a] * share[at(t)] * change[b];
            r.y[at(t) * m + b] += q[at(t) * n + a] * state[a * m + b];
          }
        }
        states.push_back(state);
        changes.push_back(change);
      }
      Doubles d_state(n * m);
      for (size_t t = length; t-- > 0;) {
        const Doubles &after = states[t + 1], &before = states[t], &change = changes[t];
        for (size_t b = 0; b < m; ++b) {
          const double g = dy[at(t) * m + b];
          double d_change = 0;
          for (size_t a = 0; a < n; ++a) {
            r.q[at(t) * n + a] += g * after[a * m + b];
            d_state[a * m + b] += g * q[at(t) * n + a];
            d_change += d_state[a * m + b] * k[at(t) * n + a];
            r.k[at(t) * n + a] += d_state[a * m + b] * share[at(t)] * change[b];
          }
          r.share[at(t)] += d_change * change[b];
          r.v[at(t) * m + b] = d_change * share[at(t)];
          for (size_t a = 0; a < n; ++a) {
            r.k[at(t) * n + a] -= d_change * share[at(t)] * before[a * m + b];
            d_state[a * m + b] -= d_change * share[at(t)] * k[at(t) * n + a];
          }
        }
      }
    }
  }
  return r;
}

}  // namespace

TEST_CASE("the delta rule in chunks, its gradients and its steps are those of the recurrence") {
  for (const DeltaShape s : {DeltaShape{1, 1, 1, 3, 2}, DeltaShape{2, 63, 2, 5, 7}, DeltaShape{1, 64, 3, 4, 4},
                             DeltaShape{1, 65, 1, 17, 33}, DeltaShape{2, 200, 2, 8, 16}}) {
    CAPTURE(s.sequences, s.length, s.heads, s.keys, s.values);
    Tensor q = random_tensor({s.sequences, s.length, s.heads, s.keys}, 1), k = random_tensor(q.shape(), 2);
    const Tensor v = random_tensor({s.sequences, s.length, s.heads, s.values}, 3), dy = random_tensor(v.shape(), 4),
                 share = random_tensor({s.sequences, s.length, s.heads}, 5, 0.0f, 1.0f);
    for (int64_t row = 0; row < k.count() / s.keys; ++row) {  // keys of length 1, as in the mixer: else states grow
      double square = 0;
      float* key = k.data<float>() + row * s.keys;
      for (int64_t n = 0; n < s.keys; ++n) square += std::pow(static_cast<double>(key[n]), 2);
      for (int64_t n = 0; n < s.keys; ++n) key[n] /= static_cast<float>(std::sqrt(square));
    }
    const Naive expected = naive(s, numbers(q), numbers(k), numbers(v), numbers(share), numbers(dy));
    const DeltaInputs in = {q.data<float>(), k.data<float>(), v.data<float>(), share.data<float>()};
    on_every_target([&] {
      Tensor y(v.shape()), without(v.shape()), borders({s.border_count()}), dq(q.shape()), dk(k.shape()), dv(v.shape()),
          d_share(share.shape());
      delta_rule(s, in, y.data<float>(), borders.data<float>());
      delta_rule(s, in, without.data<float>(), nullptr);
      CHECK(numbers(y) == numbers(without));
      CHECK(difference(y, expected.y) < 1e-5);
      delta_rule_gradient(s, in, dy.data<float>(), borders.data<float>(),
                          {dq.data<float>(), dk.data<float>(), dv.data<float>(), d_share.data<float>()});
      CHECK(difference(dq, expected.q) < 1e-5);
      CHECK(difference(dk, expected.k) < 4e-5);
      CHECK(difference(dv, expected.v) < 1e-5);
      CHECK(difference(d_share, expected.share) < 4e-5);
      Tensor state = Tensor::zeros({s.heads, s.keys, s.values}), one({s.heads, s.values});
      double worst = 0;
      for (int64_t t = 0; t < s.length; ++t) {  // of the first sequence
        delta_rule_step(
            s,
            {in.q + t * s.heads * s.keys, in.k + t * s.heads * s.keys, in.v + t * one.count(), in.share + t * s.heads},
            state.data<float>(), one.data<float>());
        for (int64_t j = 0; j < one.count(); ++j) {
          const double wanted = expected.y[static_cast<size_t>(t * one.count() + j)];
          worst = std::max(worst, std::fabs(static_cast<double>(one.data<float>()[j]) - wanted));
        }
      }
      CHECK(worst < 1e-5);
    });
  }
}
