#include "ops/ssm/diagonal_scan.hpp"

#include <cmath>
#include <complex>

#include "catch.hpp"
#include "gradient_check.hpp"

namespace mlrun {

using test::random_tensor;

TEST_CASE("the gradients of a diagonal scan agree with differences") {
  const Tensor v = random_tensor({2, 7, 6}, 1), lambda = random_tensor({2, 3}, 2, -0.6f, 0.6f);
  CHECK(test::gradient_error([](auto& x) { return ops::diagonal_scan(x[0], x[1]); }, {v, lambda}) <
        test::kGradientLimit);
}

TEST_CASE("exponential poles lie inside the unit circle, and their gradients agree with differences") {
  const Tensor nu = random_tensor({5}, 1, -3.0f, 1.0f), theta = random_tensor({5}, 2, -2.0f, 1.0f);
  const Tensor y = ops::exponential_poles(nu, theta).value();
  for (int64_t k = 0; k < 5; ++k) {
    const double radius =
        std::hypot(static_cast<double>(y.data<float>()[k]), static_cast<double>(y.data<float>()[5 + k]));
    CHECK(radius == Approx(std::exp(-std::exp(static_cast<double>(nu.data<float>()[k])))).epsilon(1e-5));
  }
  CHECK(test::gradient_error([](auto& x) { return ops::exponential_poles(x[0], x[1]); }, {nu, theta}) <
        test::kGradientLimit);
}

TEST_CASE("a discretised pole holds its input (zero-order hold), or follows the trapezoidal rule (bilinear)") {
  const Tensor real_log = Tensor::of({3}, {-0.7f, 0.0f, -6.0f}), imaginary = Tensor::of({3}, {3.0f, 40.0f, 0.0f}),
               step_log = Tensor::of({3}, {-2.0f, -3.0f, -7.0f});
  for (const bool zoh : {true, false}) {
    const Tensor y = ops::discretise(real_log, imaginary, step_log,
                                     zoh ? ops::Discretisation::kZeroOrderHold : ops::Discretisation::kBilinear)
                         .value();
    for (int64_t k = 0; k < 3; ++k) {
      const auto number = [k](const Tensor& t, int64_t row) {
        return static_cast<double>(t.data<float>()[row * 3 + k]);
      };
      const std::complex<double> a(-std::exp(number(real_log, 0)), number(imaginary, 0)),
          lambda(number(y, 0), number(y, 1)), scale(number(y, 2), number(y, 3));
      const double d = std::exp(number(step_log, 0));
      const std::complex<double> expected = zoh ? std::exp(a * d) : (1.0 + a * d / 2.0) / (1.0 - a * d / 2.0);
      CHECK(std::abs(lambda - expected) < 1e-6);
      // Both rules are exact for a constant input: the state comes to rest at -1 / a.
      CHECK(std::abs(scale - (expected - 1.0) / a) < 1e-6 * std::abs(scale));
    }
  }
}

TEST_CASE("the gradients of a discretisation agree with differences") {
  const Tensor real_log = random_tensor({4}, 1), imaginary = random_tensor({4}, 2, -2.0f, 2.0f),
               step_log = random_tensor({4}, 3, -1.5f, -0.5f);
  for (const auto rule : {ops::Discretisation::kZeroOrderHold, ops::Discretisation::kBilinear}) {
    CHECK(test::gradient_error([rule](auto& x) { return ops::discretise(x[0], x[1], x[2], rule); },
                               {real_log, imaginary, step_log}) < test::kGradientLimit);
  }
}

TEST_CASE("complex rows are scaled by complex numbers") {
  const Tensor b = Tensor::of({2, 1, 2}, {1, 2, 3, 4}), scale = Tensor::of({2, 1}, {5, 6});  // (1+3i, 2+4i) (5+6i)
  CHECK(test::numbers(ops::scale_complex_rows(b, scale).value()) == std::vector<double>{-13, -14, 21, 32});
}

}  // namespace mlrun
