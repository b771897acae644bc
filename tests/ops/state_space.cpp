#include <algorithm>
#include <cmath>

#include "catch.hpp"
#include "gradient_check.hpp"
#include "ops/activation.hpp"
#include "ops/conv/causal_taps.hpp"
#include "ops/gated_norm.hpp"
#include "ops/normalize.hpp"
#include "ops/shape.hpp"
#include "ops/ssm/chunk_decay.hpp"
#include "ops/ssm/selective_scan.hpp"

namespace mlrun {

using test::random_tensor;

TEST_CASE("the gradients of decaying states agree with differences, packed or apart") {
  const ops::DecayHeads heads = {1, 2, 3, 2};
  const Tensor vkq = random_tensor({2, 67, 10}, 1), decay = random_tensor({2, 67, 2}, 2, -1.0f, -0.05f),
               weight = random_tensor({2, 67, 2}, 3, 0.2f, 1.0f), skip = random_tensor({2}, 4);
  const auto packed = [&](const std::vector<Variable>& v) { return ops::chunk_decay(v[0], heads, {v[1], v[2], v[3]}); };
  const auto apart = [&](const std::vector<Variable>& v) {
    return ops::chunk_decay(ops::slice(v[0], -1, 7, 10), ops::slice(v[0], -1, 4, 7), ops::slice(v[0], -1, 0, 4), heads,
                            {v[1], v[2], v[3]});
  };
  CHECK(test::gradient_error(packed, {vkq, decay, weight, skip}) < test::kGradientLimit);
  const Tensor weights = random_tensor({2, 67, 4}, 9);
  const auto a = test::gradients(packed, {vkq, decay, weight, skip}, weights),
             b = test::gradients(apart, {vkq, decay, weight, skip}, weights);
  for (size_t i = 0; i < a.size(); ++i) CHECK(test::difference(a[i], b[i]) < 1e-6);
}

TEST_CASE("the gradients of decaying states agree with differences without gates, and with one decay for all") {
  const ops::DecayHeads heads = {2, 2, 2, 3};
  const Tensor q = random_tensor({1, 20, 4}, 1), k = random_tensor({1, 20, 4}, 2), v = random_tensor({1, 20, 6}, 3),
               decay = Tensor::of({2}, {-0.2f, -0.9f});
  CHECK(test::gradient_error([&](auto& x) { return ops::chunk_decay(x[0], x[1], x[2], heads, {}); }, {q, k, v}) <
        test::kGradientLimit);
  CHECK(test::gradient_error(
            [&](auto& x) {
              return ops::chunk_decay(x[0], x[1], x[2], heads, {x[3], {}, {}});
            },
            {q, k, v, decay}) < test::kGradientLimit);
  // One tensor in three places: its gradients add up.
  CHECK(test::gradient_error(
            [&](auto& x) {
              return ops::chunk_decay(x[0], x[0], x[0], {1, 1, 4, 4}, {});
            },
            {q}) < test::kGradientLimit);
}

TEST_CASE("causal taps agree with their definition, and their gradients with differences") {
  for (const int64_t taps : {1, 3, 4}) {
    for (const int64_t length : {2, 9}) {
      const Tensor x = random_tensor({2, length, 5}, 1), w = random_tensor({taps, 5}, 2), bias = random_tensor({5}, 3);
      std::vector<double> expected;
      for (int64_t i = 0; i < 2; ++i) {
        for (int64_t t = 0; t < length; ++t) {
          for (int64_t k = 0; k < 5; ++k) {
            double p = static_cast<double>(bias.data<float>()[k]);
            for (int64_t j = std::max<int64_t>(0, taps - 1 - t); j < taps; ++j) {
              p += static_cast<double>(w.data<float>()[j * 5 + k]) *
                   static_cast<double>(x.data<float>()[(i * length + t - taps + 1 + j) * 5 + k]);
            }
            expected.push_back(p / (1 + std::exp(-p)));
          }
        }
      }
      CHECK(test::difference(ops::causal_taps(x, w, bias).value(), expected) < 1e-6);
      CHECK(test::gradient_error([](auto& v) { return ops::causal_taps(v[0], v[1], v[2]); }, {x, w, bias}) <
            test::kGradientLimit);
    }
  }
}

TEST_CASE("a gated norm is SiLU, product and norm in one, with their gradients") {
  const auto fused = [](const std::vector<Variable>& v) { return ops::gated_norm(v[0], v[1], v[2]); };
  const auto apart = [](const std::vector<Variable>& v) {
    return ops::rms_norm(ops::mul(v[0], ops::silu(v[1])), v[2]);
  };
  for (const int64_t width : {3, 16, 37}) {
    const std::vector<Tensor> inputs = {random_tensor({300, width}, 1), random_tensor({300, width}, 2),
                                        random_tensor({width}, 3)};
    const Tensor weights = random_tensor({300, width}, 4);
    CHECK(test::difference(test::evaluate(fused, inputs).value(), test::evaluate(apart, inputs).value()) < 2e-6);
    const auto a = test::gradients(fused, inputs, weights), b = test::gradients(apart, inputs, weights);
    for (size_t i = 0; i < 3; ++i) CHECK(test::difference(a[i], b[i]) < 2e-5);
  }
}

TEST_CASE("the gradients of a selective scan agree with differences") {
  const Tensor u = random_tensor({2, 35, 3}, 1), delta = random_tensor({2, 35, 3}, 2, 0.05f, 0.8f),
               a = random_tensor({3, 2}, 3, -2.0f, -0.1f), b = random_tensor({2, 35, 2}, 4),
               c = random_tensor({2, 35, 2}, 5), skip = random_tensor({3}, 6);
  CHECK(test::gradient_error([](auto& v) { return ops::selective_scan(v[0], v[1], v[2], v[3], v[4], v[5]); },
                             {u, delta, a, b, c, skip}) < test::kGradientLimit);
}

}  // namespace mlrun
