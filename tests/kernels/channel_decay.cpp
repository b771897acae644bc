#include "kernels/ssm/channel_decay.hpp"

#include <algorithm>
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
  Doubles y, q, k, v, a;  // gradients but for y
};

// Position after position, in double, and backward through it.
Naive naive(const ChannelDecayShape& s, const Doubles& q, const Doubles& k, const Doubles& v, const Doubles& decay,
            const Doubles& dy) {
  Naive r = {Doubles(v.size()), Doubles(q.size()), Doubles(k.size()), Doubles(v.size()), Doubles(decay.size())};
  const size_t n = static_cast<size_t>(s.keys), m = static_cast<size_t>(s.values), heads = static_cast<size_t>(s.heads),
               length = static_cast<size_t>(s.length);
  for (size_t i = 0; i < static_cast<size_t>(s.sequences); ++i) {
    for (size_t h = 0; h < heads; ++h) {
      std::vector<Doubles> states = {Doubles(n * m)};
      const auto at = [&](size_t t) { return (i * length + t) * heads + h; };
      for (size_t t = 0; t < length; ++t) {
        Doubles state = states.back();
        for (size_t a = 0; a < n; ++a) {
          for (size_t b = 0; b < m; ++b) {
            double& x = state[a * m + b];
            x = decay[at(t) * n + a] * x + k[at(t) * n + a] * v[at(t) * m + b];
            r.y[at(t) * m + b] += q[at(t) * n + a] * x;
          }
        }
        states.push_back(state);
      }
      Doubles d_state(n * m);
      for (size_t t = length; t-- > 0;) {
        for (size_t a = 0; a < n; ++a) {
          for (size_t b = 0; b < m; ++b) {
            double& d = d_state[a * m + b];
            r.q[at(t) * n + a] += dy[at(t) * m + b] * states[t + 1][a * m + b];
            d += dy[at(t) * m + b] * q[at(t) * n + a];
            r.k[at(t) * n + a] += d * v[at(t) * m + b];
            r.v[at(t) * m + b] += d * k[at(t) * n + a];
            r.a[at(t) * n + a] += d * states[t][a * m + b];
            d *= decay[at(t) * n + a];
          }
        }
      }
    }
  }
  return r;
}

}  // namespace

TEST_CASE("states whose rows decay one by one, their gradients and their steps are those of the recurrence") {
  for (const ChannelDecayShape s : {ChannelDecayShape{1, 1, 1, 3, 2}, ChannelDecayShape{2, 31, 2, 5, 7},
                                    ChannelDecayShape{1, 32, 3, 4, 4}, ChannelDecayShape{2, 33, 1, 17, 33},
                                    ChannelDecayShape{1, 64, 2, 16, 16}, ChannelDecayShape{2, 200, 2, 8, 16}}) {
    CAPTURE(s.sequences, s.length, s.heads, s.keys, s.values);
    const Tensor q = random_tensor({s.sequences, s.length, s.heads, s.keys}, 1), k = random_tensor(q.shape(), 2),
                 v = random_tensor({s.sequences, s.length, s.heads, s.values}, 3), dy = random_tensor(v.shape(), 4);
    Tensor a = random_tensor(q.shape(), 5, 0.0f, 1.0f);
    for (int64_t i = 0; i < a.count(); i += 7)
      a.data<float>()[i] = i % 2 == 0 ? 0.0f : 1.0f;  // forgotten, or kept whole
    const Naive expected = naive(s, numbers(q), numbers(k), numbers(v), numbers(a), numbers(dy));
    const ChannelDecayInputs in = {q.data<float>(), k.data<float>(), v.data<float>(), a.data<float>()};
    on_every_target([&] {
      Tensor y(v.shape()), without(v.shape()), borders({s.border_count()}), dq(q.shape()), dk(k.shape()), dv(v.shape()),
          da(a.shape());
      channel_decay(s, in, y.data<float>(), borders.data<float>());
      channel_decay(s, in, without.data<float>(), nullptr);
      CHECK(numbers(y) == numbers(without));
      CHECK(difference(y, expected.y) < 1e-5);
      channel_decay_gradient(s, in, dy.data<float>(), borders.data<float>(),
                             {dq.data<float>(), dk.data<float>(), dv.data<float>(), da.data<float>()});
      CHECK(difference(dq, expected.q) < 1e-5);
      CHECK(difference(dk, expected.k) < 1e-5);
      CHECK(difference(dv, expected.v) < 1e-5);
      CHECK(difference(da, expected.a) < 2e-5);
      Tensor state = Tensor::zeros({s.heads, s.keys, s.values}), one({s.heads, s.values});
      for (int64_t t = 0; t < s.length; ++t) {  // of the first sequence, to the bit
        const int64_t key = t * s.heads * s.keys;
        channel_decay_step(s, {in.q + key, in.k + key, in.v + t * one.count(), in.a + key}, state.data<float>(),
                           one.data<float>());
        CHECK(std::equal(one.data<float>(), one.data<float>() + one.count(), y.data<float>() + t * one.count()));
      }
    });
  }
}
