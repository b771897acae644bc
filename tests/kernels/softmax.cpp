#include "kernels/vector/softmax.hpp"

#include <limits>

#include "catch.hpp"
#include "kernels/reference.hpp"
#include "tensor/random_tensor.hpp"

namespace mlrun {
namespace {

using test::difference;
using test::numbers;
using test::random_tensor;

double row_logsumexp(const std::vector<double>& x, size_t begin, size_t n) {
  double sum = 0;
  const double shift =
      *std::max_element(x.begin() + static_cast<long>(begin), x.begin() + static_cast<long>(begin + n));
  for (size_t i = 0; i < n; ++i) sum += std::exp(x[begin + i] - shift);
  return shift + std::log(sum);
}

}  // namespace

TEST_CASE("softmax, log_softmax and logsumexp are right at every length, also far from zero") {
  for (const int64_t n : {1, 2, 10, 16, 33, 257}) {
    for (const float offset : {0.0f, 1000.0f, -1000.0f}) {
      INFO("length " << n << " around " << offset);
      const Tensor x = random_tensor({2, 3, n}, 51, offset - 8.0f, offset + 8.0f);
      const std::vector<double> v = numbers(x);
      std::vector<double> p, logp, lse;
      for (size_t r = 0; r < 6; ++r) {
        lse.push_back(row_logsumexp(v, r * static_cast<size_t>(n), static_cast<size_t>(n)));
        for (size_t i = 0; i < static_cast<size_t>(n); ++i) {
          logp.push_back(v[r * static_cast<size_t>(n) + i] - lse.back());
          p.push_back(std::exp(logp.back()));
        }
      }
      CHECK(difference(kernels::softmax(x), p) < 1e-6);
      CHECK(difference(kernels::log_softmax(x), logp) < 1e-6);
      CHECK(kernels::logsumexp(x).shape() == Shape{2, 3});
      CHECK(difference(kernels::logsumexp(x), lse) < 1e-6);
    }
  }
}

TEST_CASE("a logit of minus infinity has probability exactly 0 and spoils nothing") {
  const float inf = std::numeric_limits<float>::infinity();
  const Tensor x = Tensor::of({2, 3}, {0, -inf, 0, -inf, -inf, -inf});
  CHECK(difference(kernels::softmax(x.rows(0, 1)), std::vector<double>{0.5, 0, 0.5}) < 1e-7);
  const Tensor lse = kernels::logsumexp(x);
  CHECK(lse.data<float>()[0] == Approx(std::log(2.0)));
  CHECK(lse.data<float>()[1] == -inf);
}

TEST_CASE("NaN in a logit reaches every result of its row") {
  Tensor x = random_tensor({2, 20}, 52);
  x.data<float>()[5] = std::numeric_limits<float>::quiet_NaN();
  for (const Tensor& y : {kernels::softmax(x), kernels::log_softmax(x)}) {
    CHECK(std::isnan(y.data<float>()[0]));
    CHECK(std::isfinite(y.data<float>()[20]));
  }
  CHECK(std::isnan(kernels::logsumexp(x).data<float>()[0]));
}

TEST_CASE("softmax and categorical negative log likelihood agree with NumPy") {
  const Tensor x = Tensor::of({3, 5}, reference::kLogits);
  CHECK(difference(kernels::softmax(x), reference::kSoftmax) < 1e-6);
  const Tensor targets = Tensor::of({3}, reference::kTargets);
  const auto [nll, lse] = kernels::categorical_nll(x, targets);
  CHECK(difference(nll, reference::kCategoricalNll) < 1e-6);
  CHECK(difference(kernels::categorical_nll_gradient(x, targets, lse, Tensor::full({3}, 1.0f)),
                   reference::kCategoricalNllGradient) < 1e-6);
}

TEST_CASE("a target outside the alphabet is refused") {
  CHECK_THROWS_AS(kernels::categorical_nll(Tensor::zeros({2, 3}), Tensor::of({2}, std::vector<int32_t>{0, 3})), Error);
  CHECK_THROWS_AS(kernels::categorical_nll(Tensor::zeros({2, 3}), Tensor::of({2}, std::vector<int32_t>{-1, 0})), Error);
  CHECK_THROWS_AS(kernels::categorical_nll(Tensor::zeros({2, 3}), Tensor::of({1}, std::vector<int32_t>{0})), Error);
}

}  // namespace mlrun
