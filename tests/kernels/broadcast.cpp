#include "kernels/vector/broadcast.hpp"

#include "catch.hpp"
#include "kernels/vector/elementwise.hpp"
#include "tensor/random_tensor.hpp"

namespace mlrun {
namespace {

using test::difference;
using test::random_tensor;

// The number of x that lies under index `flat` of `shape`.
double at(const Tensor& x, const Shape& shape, int64_t flat) {
  int64_t offset = 0, stride = 1;
  for (int64_t i = 1; i <= static_cast<int64_t>(shape.size()); ++i) {
    const int64_t index = flat % shape[shape.size() - static_cast<size_t>(i)];
    flat /= shape[shape.size() - static_cast<size_t>(i)];
    if (i > x.rank()) continue;
    if (x.dim(-i) != 1) offset += index * stride;
    stride *= x.dim(-i);
  }
  return static_cast<double>(x.data<float>()[offset]);
}

}  // namespace

TEST_CASE("arithmetic broadcasts as NumPy does") {
  struct Pair {
    Shape a, b, result;
  };
  const std::vector<Pair> pairs = {{{7}, {7}, {7}},
                                   {{4, 33}, {33}, {4, 33}},
                                   {{4, 33}, {4, 1}, {4, 33}},
                                   {{4, 1}, {1, 5}, {4, 5}},
                                   {{}, {3, 5}, {3, 5}},
                                   {{}, {}, {}},
                                   {{2, 3, 4}, {3, 1}, {2, 3, 4}},
                                   {{2, 1, 4, 5}, {3, 1, 5}, {2, 3, 4, 5}},
                                   {{2, 3, 1}, {2, 1, 17}, {2, 3, 17}},
                                   {{1, 1}, {1}, {1, 1}},
                                   {{0, 3}, {3}, {0, 3}},
                                   {{5, 1, 3, 1, 2}, {2, 1, 4, 1}, {5, 2, 3, 4, 2}}};
  for (const auto& [sa, sb, result] : pairs) {
    const Tensor x = random_tensor(sa, 31), y = random_tensor(sb, 32, 0.5f, 2.0f);
    for (const bool swapped : {false, true}) {
      const Tensor a = swapped ? y : x, b = swapped ? kernels::affine(x, 1.0f, 3.0f) : y;
      INFO(to_string(a.shape()) << " with " << to_string(b.shape()));
      REQUIRE(kernels::broadcast_shape(a.shape(), b.shape()) == result);
      std::vector<double> sum, difference_, product, quotient;
      for (int64_t i = 0; i < count_of(result); ++i) {
        const double u = at(a, result, i), v = at(b, result, i);
        sum.push_back(u + v), difference_.push_back(u - v), product.push_back(u * v), quotient.push_back(u / v);
      }
      CHECK(kernels::add(a, b).shape() == result);
      CHECK(difference(kernels::add(a, b), sum) < 1e-6);
      CHECK(difference(kernels::sub(a, b), difference_) < 1e-6);
      CHECK(difference(kernels::mul(a, b), product) < 1e-6);
      CHECK(difference(kernels::div(a, b), quotient) < 1e-6);
    }
  }
  CHECK_THROWS_AS(kernels::add(Tensor({2, 3}), Tensor({2})), Error);
}

TEST_CASE("broadcast_to repeats, and sum_to_shape adds the repetitions up") {
  const Shape whole = {3, 4, 5};
  for (const Shape& shape : std::vector<Shape>{{5}, {4, 1}, {1, 4, 5}, {3, 1, 1}, {}, {1}, {3, 4, 5}, {3, 1, 5}}) {
    INFO(to_string(shape));
    const Tensor x = random_tensor(shape, 33), big = random_tensor(whole, 34);
    std::vector<double> repeated;
    for (int64_t i = 0; i < 60; ++i) repeated.push_back(at(x, whole, i));
    CHECK(difference(kernels::broadcast_to(x, whole), repeated) == 0);
    // <big, broadcast(x)> = <sum(big), x>
    double left = 0, right = 0;
    const Tensor summed = kernels::sum_to_shape(big, shape);
    REQUIRE(summed.shape() == shape);
    for (size_t i = 0; i < 60; ++i) left += test::numbers(big)[i] * repeated[i];
    for (size_t i = 0; i < test::numbers(x).size(); ++i) right += test::numbers(summed)[i] * test::numbers(x)[i];
    CHECK(left == Approx(right).margin(1e-5));
  }
  CHECK_THROWS_AS(kernels::broadcast_to(Tensor({3, 1}), {1, 4}), Error);
  CHECK_THROWS_AS(kernels::sum_to_shape(Tensor({3}), {2, 3}), Error);
}

}  // namespace mlrun
