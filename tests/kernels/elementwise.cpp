#include "kernels/vector/elementwise.hpp"

#include <functional>
#include <limits>

#include "catch.hpp"
#include "tensor/random_tensor.hpp"

namespace mlrun {
namespace {

using kernels::Function;
using test::difference;
using test::numbers;
using test::random_tensor;

constexpr double kP = -0.5, kQ = 0.75;

struct Case {
  const char* name;
  Function function;
  double p, q;
  float low, high;
  std::function<double(double)> f, derivative;
};

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }
double phi(double x) { return 0.5 * std::erfc(-x / std::sqrt(2.0)); }

const std::vector<Case>& cases() {
  static const std::vector<Case> all = {
      {"exp", Function::kExp, 0, 0, -20, 20, [](double x) { return std::exp(x); },
       [](double x) { return std::exp(x); }},
      {"log", Function::kLog, 0, 0, 0.01f, 50, [](double x) { return std::log(x); }, [](double x) { return 1 / x; }},
      {"sqrt", Function::kSqrt, 0, 0, 0.01f, 50, [](double x) { return std::sqrt(x); },
       [](double x) { return 0.5 / std::sqrt(x); }},
      {"square", Function::kSquare, 0, 0, -3, 3, [](double x) { return x * x; }, [](double x) { return 2 * x; }},
      {"clamp", Function::kClamp, kP, kQ, -2, 2, [](double x) { return std::clamp(x, kP, kQ); },
       [](double x) { return x >= kP && x <= kQ ? 1.0 : 0.0; }},
      {"sigmoid", Function::kSigmoid, 0, 0, -20, 20, sigmoid, [](double x) { return sigmoid(x) * sigmoid(-x); }},
      {"tanh", Function::kTanh, 0, 0, -4, 4, [](double x) { return std::tanh(x); },
       [](double x) { return 1 - std::tanh(x) * std::tanh(x); }},
      {"relu", Function::kRelu, 0, 0, -2, 2, [](double x) { return std::max(x, 0.0); },
       [](double x) { return x > 0 ? 1.0 : 0.0; }},
      {"gelu", Function::kGelu, 0, 0, -6, 6, [](double x) { return x * phi(x); },
       [](double x) { return phi(x) + x * std::exp(-x * x / 2) / std::sqrt(2 * M_PI); }},
      {"silu", Function::kSilu, 0, 0, -20, 20, [](double x) { return x * sigmoid(x); },
       [](double x) { return sigmoid(x) * (1 + x * sigmoid(-x)); }},
      {"softplus", Function::kSoftplus, 0, 0, -20, 20, [](double x) { return std::log1p(std::exp(x)); }, sigmoid},
      {"elu_plus_one", Function::kEluPlusOne, 0, 0, -20, 20, [](double x) { return x > 0 ? x + 1 : std::exp(x); },
       [](double x) { return x > 0 ? 1.0 : std::exp(x); }},
      {"squared_relu", Function::kSquaredRelu, 0, 0, -3, 3, [](double x) { return x > 0 ? x * x : 0.0; },
       [](double x) { return x > 0 ? 2 * x : 0.0; }},
  };
  return all;
}

}  // namespace

TEST_CASE("every function of one number and its derivative are right, at every length") {
  for (const Case& c : cases()) {
    for (const int64_t count : {1, 2, 15, 16, 17, 31, 100, 1001}) {
      INFO(c.name << " of " << count << " numbers");
      const Tensor x = random_tensor({count}, 21, c.low, c.high), dy = random_tensor({count}, 22);
      const float p = static_cast<float>(c.p), q = static_cast<float>(c.q);
      const Tensor y = kernels::apply(c.function, x, p, q);
      const Tensor dx = kernels::gradient(c.function, kernels::saves_result(c.function) ? y : x, dy, p, q);
      std::vector<double> values, slopes;
      for (int64_t i = 0; i < count; ++i) {
        values.push_back(c.f(numbers(x)[static_cast<size_t>(i)]));
        slopes.push_back(c.derivative(numbers(x)[static_cast<size_t>(i)]) * numbers(dy)[static_cast<size_t>(i)]);
      }
      CHECK(difference(y, values) < 2e-6);
      CHECK(difference(dx, slopes) < 1e-5);
    }
  }
}

TEST_CASE("no function hides NaN, and none makes NaN of infinity without need") {
  const float inf = std::numeric_limits<float>::infinity();
  for (const Case& c : cases()) {
    INFO(c.name);
    for (const int64_t at : {0, 16, 18}) {  // a whole vector, and the rest
      Tensor x = Tensor::full({19}, 0.5f);
      x.data<float>()[at] = std::numeric_limits<float>::quiet_NaN();
      const Tensor y = kernels::apply(c.function, x, static_cast<float>(c.p), static_cast<float>(c.q));
      for (int64_t i = 0; i < 19; ++i) CHECK(std::isnan(y.data<float>()[i]) == (i == at));
    }
    const Tensor y =
        kernels::apply(c.function, Tensor::full({1}, inf), static_cast<float>(c.p), static_cast<float>(c.q));
    CHECK_FALSE(std::isnan(*y.data<float>()));
  }
}

TEST_CASE("derivatives at kinks are the stated ones") {
  const Tensor zero = Tensor::zeros({1}), one = Tensor::full({1}, 1.0f);
  CHECK(*kernels::gradient(Function::kRelu, zero, one).data<float>() == 0.0f);
  CHECK(*kernels::gradient(Function::kClamp, one, one, -1.0f, 1.0f).data<float>() == 1.0f);
}

TEST_CASE("sums and scalings in place change all numbers and only those") {
  for (const int64_t count : {1, 16, 37}) {
    const Tensor x = random_tensor({count}, 23), y0 = random_tensor({count + 1}, 24);
    std::vector<double> sum, product, scaled, affine;
    for (int64_t i = 0; i < count; ++i) {
      const double u = numbers(x)[static_cast<size_t>(i)], v = numbers(y0)[static_cast<size_t>(i)];
      sum.push_back(v + u), product.push_back(v * u);
      scaled.push_back(3 * v), affine.push_back(2 * u + 0.5);
    }
    const auto run = [&](auto change) {
      Tensor y = y0.clone(), window = y.rows(0, count);
      change(window);
      CHECK(y.data<float>()[count] == y0.data<float>()[count]);
      return window;
    };
    CHECK(difference(run([&](Tensor& y) { kernels::add_to(y, x); }), sum) < 1e-6);
    CHECK(difference(run([&](Tensor& y) { kernels::mul_in_place(y, x); }), product) < 1e-6);
    CHECK(difference(run([&](Tensor& y) { kernels::scale_in_place(y, 3.0f); }), scaled) < 1e-6);
    CHECK(difference(kernels::affine(x, 2.0f, 0.5f), affine) < 1e-6);
  }
  Tensor y({3});
  CHECK_THROWS_AS(kernels::add_to(y, Tensor({4})), Error);
}

}  // namespace mlrun
