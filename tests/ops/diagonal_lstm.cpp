#include "ops/recurrent/diagonal_lstm.hpp"

#include <cmath>

#include "catch.hpp"
#include "gradient_check.hpp"

namespace mlrun {

using test::random_tensor;

namespace {

// By definition, in double, one image.
std::vector<double> naive(const Tensor& pre, const Tensor& side, const Tensor& up, bool leftwards) {
  const int64_t height = pre.dim(1), width = pre.dim(2), k = pre.dim(3) / 4;
  std::vector<double> h(static_cast<size_t>(height * width * k)), c = h;
  const auto at = [&](int64_t r, int64_t col, int64_t j) { return static_cast<size_t>((r * width + col) * k + j); };
  const auto value = [](const Tensor& t, int64_t i) { return static_cast<double>(t.data<float>()[i]); };
  for (int64_t r = 0; r < height; ++r) {
    for (int64_t t = 0; t < width; ++t) {
      const int64_t col = leftwards ? width - 1 - t : t, neighbour = leftwards ? col + 1 : col - 1;
      for (int64_t j = 0; j < k; ++j) {
        double gate[4];
        for (int64_t q = 0; q < 4; ++q) {
          double sum = value(pre, (r * width + col) * 4 * k + q * k + j);
          for (int64_t a = 0; a < k; ++a) {
            if (t > 0) sum += h[at(r, neighbour, a)] * value(side, a * 4 * k + q * k + j);
            if (r > 0) sum += h[at(r - 1, col, a)] * value(up, a * 4 * k + q * k + j);
          }
          gate[q] = q == 3 ? std::tanh(sum) : 1 / (1 + std::exp(-sum));
        }
        const double before = t > 0 ? c[at(r, neighbour, j)] : 0;
        c[at(r, col, j)] = gate[1] * before + gate[0] * gate[3];
        h[at(r, col, j)] = gate[2] * std::tanh(c[at(r, col, j)]);
      }
    }
  }
  return h;
}

}  // namespace

TEST_CASE("a diagonal LSTM agrees with its definition, both ways") {
  for (const int64_t k : {3, 16, 19}) {
    const Tensor pre = random_tensor({1, 4, 5, 4 * k}, 1), side = random_tensor({k, 4 * k}, 2),
                 up = random_tensor({k, 4 * k}, 3);
    for (const bool leftwards : {false, true}) {
      const auto crossing = leftwards ? ops::Crossing::kRightToLeft : ops::Crossing::kLeftToRight;
      const auto expected = naive(pre, side, up, leftwards);
      CHECK(test::difference(ops::diagonal_lstm(pre, side, up, crossing).value(), expected) < 1e-5);
    }
  }
}

TEST_CASE("the images of a batch do not mix in a diagonal LSTM, and have the same bits alone") {
  const Tensor pre = random_tensor({5, 3, 4, 12}, 1), side = random_tensor({3, 12}, 2), up = random_tensor({3, 12}, 3);
  const Tensor all = ops::diagonal_lstm(pre, side, up, ops::Crossing::kLeftToRight).value();
  for (int64_t i = 0; i < 5; ++i) {
    const Tensor alone = ops::diagonal_lstm(pre.rows(i, i + 1), side, up, ops::Crossing::kLeftToRight).value();
    CHECK(test::difference(alone, all.rows(i, i + 1)) == 0);
  }
}

TEST_CASE("the gradients of a diagonal LSTM agree with differences") {
  const Tensor pre = random_tensor({3, 3, 3, 8}, 1), side = random_tensor({2, 8}, 2), up = random_tensor({2, 8}, 3);
  for (const auto crossing : {ops::Crossing::kLeftToRight, ops::Crossing::kRightToLeft}) {
    CHECK(test::gradient_error([&](auto& v) { return ops::diagonal_lstm(v[0], v[1], v[2], crossing); },
                               {pre, side, up}) < test::kGradientLimit);
  }
}

}  // namespace mlrun
