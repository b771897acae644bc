#include "ops/recurrent/lstm.hpp"

#include <cmath>

#include "catch.hpp"
#include "gradient_check.hpp"

namespace mlrun {

using test::random_tensor;

namespace {

// By definition, in double.
std::vector<double> naive(const Tensor& x, const Tensor& w, const Tensor& b, const Tensor& u) {
  const int64_t n = x.dim(0), length = x.dim(1), in = x.dim(2), k = u.dim(1);
  const auto value = [](const Tensor& t, int64_t i) { return static_cast<double>(t.data<float>()[i]); };
  std::vector<double> all;
  for (int64_t s = 0; s < n; ++s) {
    std::vector<double> h(static_cast<size_t>(k)), c = h;
    for (int64_t t = 0; t < length; ++t) {
      std::vector<double> gates;
      for (int64_t r = 0; r < 4 * k; ++r) {
        double sum = value(b, r);
        for (int64_t j = 0; j < in; ++j) sum += value(w, r * in + j) * value(x, (s * length + t) * in + j);
        for (int64_t j = 0; j < k; ++j) sum += value(u, r * k + j) * h[static_cast<size_t>(j)];
        gates.push_back(r < 3 * k ? 1 / (1 + std::exp(-sum)) : std::tanh(sum));
      }
      for (size_t j = 0; j < h.size(); ++j) {
        const size_t width = h.size();
        c[j] = gates[width + j] * c[j] + gates[j] * gates[3 * width + j];
        h[j] = gates[2 * width + j] * std::tanh(c[j]);
      }
      all.insert(all.end(), h.begin(), h.end());
    }
  }
  return all;
}

}  // namespace

TEST_CASE("an LSTM agrees with its definition") {
  for (const int64_t k : {3, 16, 21}) {
    const Tensor x = random_tensor({5, 6, 4}, 1), w = random_tensor({4 * k, 4}, 2), b = random_tensor({4 * k}, 3),
                 u = random_tensor({4 * k, k}, 4);
    CHECK(test::difference(ops::lstm(x, w, b, u).value(), naive(x, w, b, u)) < 1e-5);
  }
}

TEST_CASE("the gradients of an LSTM agree with differences") {
  for (const int64_t length : {1, 4, 35}) {  // the last: more than a block of steps
    const Tensor x = random_tensor({2, length, 2}, 1), w = random_tensor({12, 2}, 2), b = random_tensor({12}, 3),
                 u = random_tensor({12, 3}, 4);
    CHECK(test::gradient_error([](auto& v) { return ops::lstm(v[0], v[1], v[2], v[3]); }, {x, w, b, u}) <
          test::kGradientLimit);
  }
}

}  // namespace mlrun
