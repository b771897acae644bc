#include "ops/recurrent/gru.hpp"

#include <cmath>

#include "catch.hpp"
#include "gradient_check.hpp"

namespace mlrun {

using test::random_tensor;

namespace {

// By definition, in double. Rows of w: n, r, z; of u: r, z, n.
std::vector<double> naive(const Tensor& x, const Tensor& w, const Tensor& b, const Tensor& u) {
  const int64_t n = x.dim(0), length = x.dim(1), in = x.dim(2), k = u.dim(1);
  const auto value = [](const Tensor& t, int64_t i) { return static_cast<double>(t.data<float>()[i]); };
  const auto sigmoid = [](double s) { return 1 / (1 + std::exp(-s)); };
  std::vector<double> all;
  for (int64_t s = 0; s < n; ++s) {
    std::vector<double> h(static_cast<size_t>(k));
    for (int64_t t = 0; t < length; ++t) {
      const auto by_input = [&](int64_t row) {
        double sum = value(b, row);
        for (int64_t j = 0; j < in; ++j) sum += value(w, row * in + j) * value(x, (s * length + t) * in + j);
        return sum;
      };
      const auto by_state = [&](int64_t row) {
        double sum = 0;
        for (int64_t j = 0; j < k; ++j) sum += value(u, row * k + j) * h[static_cast<size_t>(j)];
        return sum;
      };
      std::vector<double> next;
      for (int64_t j = 0; j < k; ++j) {
        const double r = sigmoid(by_input(k + j) + by_state(j)), z = sigmoid(by_input(2 * k + j) + by_state(k + j));
        const double c = std::tanh(by_input(j) + r * (by_state(2 * k + j) + value(b, 3 * k + j)));
        next.push_back((1 - z) * c + z * h[static_cast<size_t>(j)]);
      }
      h = next;
      all.insert(all.end(), h.begin(), h.end());
    }
  }
  return all;
}

}  // namespace

TEST_CASE("a GRU agrees with its definition") {
  for (const int64_t k : {3, 16, 21}) {
    const Tensor x = random_tensor({5, 6, 4}, 1), w = random_tensor({3 * k, 4}, 2), b = random_tensor({4 * k}, 3),
                 u = random_tensor({3 * k, k}, 4);
    CHECK(test::difference(ops::gru(x, w, b, u).value(), naive(x, w, b, u)) < 1e-5);
  }
}

TEST_CASE("the gradients of a GRU agree with differences") {
  for (const int64_t length : {1, 4}) {
    const Tensor x = random_tensor({3, length, 2}, 1), w = random_tensor({9, 2}, 2), b = random_tensor({12}, 3),
                 u = random_tensor({9, 3}, 4);
    CHECK(test::gradient_error([](auto& v) { return ops::gru(v[0], v[1], v[2], v[3]); }, {x, w, b, u}) <
          test::kGradientLimit);
  }
}

}  // namespace mlrun
