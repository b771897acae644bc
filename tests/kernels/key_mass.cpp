#include "kernels/ssm/key_mass.hpp"

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

TEST_CASE("sums over the mass of their query, and the gradients, against double loops") {
  for (const KeyMassShape s :
       {KeyMassShape{1, 1, 1, 3, 2}, KeyMassShape{2, 37, 3, 5, 7}, KeyMassShape{1, 130, 2, 33, 17}}) {
    CAPTURE(s.length, s.heads, s.keys, s.values);
    const Tensor q = random_tensor({s.sequences, s.length, s.heads, s.keys}, 1, 0.1f, 1.0f),
                 k = random_tensor(q.shape(), 2, 0.1f, 1.0f),
                 u = random_tensor({s.sequences, s.length, s.heads, s.values}, 3), dy = random_tensor(u.shape(), 4);
    const std::vector<double> Q = numbers(q), K = numbers(k), U = numbers(u), DY = numbers(dy);
    std::vector<double> y(U.size()), dq(Q.size()), dk(K.size()), du(U.size());
    const auto keys_at = [&](int64_t i, int64_t t, int64_t h) {
      return static_cast<size_t>(((i * s.length + t) * s.heads + h) * s.keys);
    };
    const auto values_at = [&](int64_t i, int64_t t, int64_t h) {
      return static_cast<size_t>(((i * s.length + t) * s.heads + h) * s.values);
    };
    for (int64_t i = 0; i < s.sequences; ++i) {
      for (int64_t h = 0; h < s.heads; ++h) {
        for (int64_t t = 0; t < s.length; ++t) {
          double mass = 1e-6, change = 0;
          for (int64_t p = 0; p <= t; ++p) {
            for (size_t n = 0; n < static_cast<size_t>(s.keys); ++n)
              mass += Q[keys_at(i, t, h) + n] * K[keys_at(i, p, h) + n];
          }
          for (size_t n = 0; n < static_cast<size_t>(s.values); ++n) {
            const size_t at = values_at(i, t, h) + n;
            y[at] = U[at] / mass;
            du[at] = DY[at] / mass;
            change -= DY[at] * y[at] / mass;
          }
          for (int64_t p = 0; p <= t; ++p) {
            for (size_t n = 0; n < static_cast<size_t>(s.keys); ++n) {
              dq[keys_at(i, t, h) + n] += change * K[keys_at(i, p, h) + n];
              dk[keys_at(i, p, h) + n] += change * Q[keys_at(i, t, h) + n];
            }
          }
        }
      }
    }
    on_every_target([&] {
      Tensor to_y(u.shape()), mass({s.sequences, s.length, s.heads}), to_q(q.shape()), to_k(k.shape()), to_u(u.shape());
      divide_by_key_mass(s, q.data<float>(), k.data<float>(), u.data<float>(), to_y.data<float>(), mass.data<float>());
      CHECK(difference(to_y, y) < 2e-6);
      divide_by_key_mass_gradient(s, q.data<float>(), k.data<float>(), to_y.data<float>(), mass.data<float>(),
                                  dy.data<float>(), {to_q.data<float>(), to_k.data<float>(), to_u.data<float>()});
      CHECK(difference(to_q, dq) < 1e-5);
      CHECK(difference(to_k, dk) < 1e-5);
      CHECK(difference(to_u, du) < 2e-6);
      const int64_t keys = s.heads * s.keys, values = s.heads * s.values;
      Tensor z = Tensor::zeros({keys}), one({values});
      for (int64_t t = 0; t < s.length; ++t) {  // of the first sequence, to the bit
        divide_by_key_mass_step(s, q.data<float>() + t * keys, k.data<float>() + t * keys, u.data<float>() + t * values,
                                z.data<float>(), one.data<float>());
        CHECK(std::equal(one.data<float>(), one.data<float>() + values, to_y.data<float>() + t * values));
      }
    });
  }
}
