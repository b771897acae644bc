#include "kernels/vector/reduce.hpp"

#include <limits>

#include "catch.hpp"
#include "tensor/random_tensor.hpp"

namespace mlrun {
namespace {

using test::difference;
using test::random_tensor;

// Reduces with a loop over all numbers; `axes` are not negative.
template <class F>
std::vector<double> naive(const Tensor& x, const kernels::Axes& axes, double start, F f) {
  Shape kept = x.shape();
  for (const int64_t a : axes) kept[static_cast<size_t>(a)] = 1;
  std::vector<double> y(static_cast<size_t>(count_of(kept)), start);
  for (int64_t flat = 0; flat < x.count(); ++flat) {
    int64_t rest = flat, to = 0, stride = 1;
    for (int64_t i = x.rank() - 1; i >= 0; --i) {
      const int64_t index = rest % x.dim(i), size = kept[static_cast<size_t>(i)];
      rest /= x.dim(i);
      if (size != 1) to += index * stride;
      stride *= size;
    }
    double& sum = y[static_cast<size_t>(to)];
    sum = f(sum, static_cast<double>(x.data<float>()[flat]));
  }
  return y;
}

}  // namespace

TEST_CASE("sum and mean are right over every set of axes") {
  const Shape shape = {3, 7, 1, 5, 19};
  const Tensor x = random_tensor(shape, 41);
  for (unsigned set = 0; set < 32; ++set) {
    kernels::Axes axes;
    int64_t reduced = 1;
    for (int64_t i = 0; i < 5; ++i) {
      if (set >> i & 1u) axes.push_back(i), reduced *= x.dim(i);
    }
    INFO(to_string(axes));
    const auto sum = naive(x, axes, 0.0, [](double a, double b) { return a + b; });
    std::vector<double> mean = sum;
    for (double& m : mean) m /= static_cast<double>(reduced);
    CHECK(kernels::sum(x, axes).rank() == 5 - static_cast<int64_t>(axes.size()));
    CHECK(kernels::sum(x, axes, true).rank() == 5);
    CHECK(difference(kernels::sum(x, axes), sum) < 1e-6);
    CHECK(difference(kernels::mean(x, axes), mean) < 1e-6);
  }
  CHECK(difference(kernels::sum(x, {-1}), kernels::sum(x, {4})) == 0);
  CHECK_THROWS_AS(kernels::sum(x, {5}), Error);
  CHECK_THROWS_AS(kernels::sum(x, {1, -4}), Error);
}

TEST_CASE("the error of a long sum does not grow with its length") {
  const int64_t n = 1 << 20;
  const Tensor x = Tensor::full({n}, 0.1f);
  const double exact = static_cast<double>(n) * static_cast<double>(0.1f);
  CHECK(std::fabs(kernels::total(x) - exact) / exact < 1e-6);
  CHECK(std::fabs(static_cast<double>(*kernels::sum(x, {0}).data<float>()) - exact) / exact < 1e-6);
  const Tensor columns = kernels::sum(x.reshape({n / 4, 4}), {0});
  CHECK(std::fabs(static_cast<double>(columns.data<float>()[2]) * 4 - exact) / exact < 1e-6);
}

TEST_CASE("sums over nothing are zero") {
  CHECK(difference(kernels::sum(Tensor({0, 3}), {0}), std::vector<double>{0, 0, 0}) == 0);
  CHECK(kernels::total(Tensor(Shape{0})) == 0);
}

TEST_CASE("row sums overwrite or accumulate") {
  const Tensor x = random_tensor({2, 9, 21}, 42);
  const auto once = naive(x, {0, 1}, 0.0, [](double a, double b) { return a + b; });
  Tensor y = Tensor::full({21}, std::numeric_limits<float>::quiet_NaN());
  kernels::sum_rows(y, x, false);
  CHECK(difference(y, once) < 1e-6);
  kernels::sum_rows(y, x, true);
  std::vector<double> twice = once;
  for (double& t : twice) t *= 2;
  CHECK(difference(y, twice) < 1e-6);
  CHECK_THROWS_AS(kernels::sum_rows(y, Tensor({3, 20}), false), Error);
}

TEST_CASE("argmax gives the first of the greatest") {
  const Tensor x = Tensor::of({2, 4}, {1, 3, 3, 2, 5, 5, 0, 5});
  const Tensor i = kernels::argmax(x);
  CHECK(i.shape() == Shape{2});
  CHECK(i.data<int32_t>()[0] == 1);
  CHECK(i.data<int32_t>()[1] == 0);
}

}  // namespace mlrun
