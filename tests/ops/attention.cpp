#include "ops/attention/attention.hpp"

#include <cmath>

#include "catch.hpp"
#include "gradient_check.hpp"
#include "ops/attention/rotary.hpp"

namespace mlrun {

using test::random_tensor;

TEST_CASE("the gradients of attention agree with differences, with shared keys and a window") {
  const Tensor q = random_tensor({2, 11, 12}, 1), k = random_tensor({2, 11, 6}, 2), v = random_tensor({2, 11, 4}, 3);
  const auto attend = [](const ops::AttentionHeads& heads) {
    return [heads](const std::vector<Variable>& x) { return ops::attention(x[0], x[1], x[2], heads); };
  };
  CHECK(test::gradient_error(attend({4, 2, 0.7f, {}}), {q, k, v}) < test::kGradientLimit);
  CHECK(test::gradient_error(attend({4, 2, 0.7f, {{3, 1}, {0, 1}, {0, 4}, {1, 1}}}), {q, k, v}) < test::kGradientLimit);
  // One tensor in three places: its gradients add up.
  CHECK(test::gradient_error(
            [](auto& x) {
              return ops::attention(x[0], x[0], x[0], {2, 2, 0.5f, {}});
            },
            {v}) < test::kGradientLimit);
}

TEST_CASE("the gradients of what attention adds by distance agree with differences") {
  const ops::AttentionHeads heads = {2, 2, 0.8f, {}};
  const Tensor x = random_tensor({2, 9, 6}, 1), bias = random_tensor({2, 9}, 2), keys = random_tensor({9, 6}, 3),
               queries = random_tensor({9, 6}, 4);
  CHECK(test::gradient_error(
            [&](auto& v) {
              return ops::attention(
                  v[0], v[0], v[0], heads,
                  {.bias = v[1], .position_q = v[0], .position_keys = v[2], .position_queries = v[3]});
            },
            {x, bias, keys, queries}) < test::kGradientLimit);
  CHECK(test::gradient_error([&](auto& v) { return ops::attention(x, x, x, heads, {.bias = v[0]}); }, {bias}) <
        test::kGradientLimit);
}

TEST_CASE("rotation keeps lengths, turns back by its gradient, and leaves what is behind its pairs") {
  constexpr int64_t kLength = 5, kHeads = 2, kSize = 7, kPairs = 2;
  const Tensor x = random_tensor({2, kLength, kHeads * kSize}, 1), angles = random_tensor({kLength, kPairs}, 2);
  Tensor cosines(angles.shape()), sines(angles.shape());
  for (int64_t i = 0; i < angles.count(); ++i) {
    cosines.data<float>()[i] = std::cos(angles.data<float>()[i]);
    sines.data<float>()[i] = std::sin(angles.data<float>()[i]);
  }
  const auto turn = [&](const std::vector<Variable>& v) { return ops::rotate(v[0], kHeads, cosines, sines); };
  const Tensor y = turn({x}).value();
  for (int64_t row = 0; row < 2 * kLength; ++row) {
    for (int64_t h = 0; h < kHeads; ++h) {
      const float *a = x.data<float>() + (row * kHeads + h) * kSize, *b = y.data<float>() + (row * kHeads + h) * kSize;
      for (int64_t i = 0; i < kPairs; ++i) {
        const double angle = static_cast<double>(angles.data<float>()[row % kLength * kPairs + i]);
        const auto first = static_cast<double>(a[i]), second = static_cast<double>(a[i + kPairs]);
        CHECK(static_cast<double>(b[i]) == Approx(first * std::cos(angle) - second * std::sin(angle)).margin(1e-6));
        CHECK(static_cast<double>(b[i + kPairs]) ==
              Approx(second * std::cos(angle) + first * std::sin(angle)).margin(1e-6));
      }
      for (int64_t i = 2 * kPairs; i < kSize; ++i) CHECK(b[i] == a[i]);
    }
  }
  CHECK(test::gradient_error(turn, {x}) < test::kGradientLimit);
}

}  // namespace mlrun
