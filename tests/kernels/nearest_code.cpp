#include "kernels/vector/nearest_code.hpp"

#include <limits>

#include "catch.hpp"
#include "kernels/every_target.hpp"
#include "tensor/random_tensor.hpp"

namespace mlrun {
namespace {

using test::random_tensor;

double score(const Tensor& x, const Tensor& table, const Tensor& bias, int64_t row, int64_t code) {
  const int64_t d = x.dim(1);
  double sum = bias.defined() ? static_cast<double>(bias.data<float>()[code]) : 0.0;
  for (int64_t j = 0; j < d; ++j) {
    const double difference =
        static_cast<double>(x.data<float>()[row * d + j]) - static_cast<double>(table.data<float>()[code * d + j]);
    sum += difference * difference;
  }
  return sum;
}

}  // namespace

TEST_CASE("the nearest code is that of a search in double, across tiles and odd sizes") {
  struct Size {
    int64_t rows, codes, d;
  };
  for (const Size& size : {Size{1, 1, 1}, {3, 2, 5}, {70, 7, 3}, {65, 300, 8}, {130, 513, 17}}) {
    const Tensor x = random_tensor({size.rows, size.d}, 1), table = random_tensor({size.codes, size.d}, 2);
    for (const Tensor& bias : {Tensor(), random_tensor({size.codes}, 3)}) {
      on_every_target([&] {
        std::vector<int32_t> codes(static_cast<size_t>(size.rows), -1);
        kernels::nearest_code(x.data<float>(), size.rows, table.data<float>(), size.codes, size.d,
                              bias.defined() ? bias.data<float>() : nullptr, codes.data());
        for (int64_t i = 0; i < size.rows; ++i) {
          double least = HUGE_VAL;
          for (int64_t k = 0; k < size.codes; ++k) least = std::min(least, score(x, table, bias, i, k));
          const int32_t code = codes[static_cast<size_t>(i)];
          REQUIRE(code >= 0);
          REQUIRE(code < size.codes);
          CHECK(score(x, table, bias, i, code) <= least + 1e-5);  // of two as near, rounding may take either
        }
      });
    }
  }
}

TEST_CASE("of equal codes the first is taken, and NaN is never near") {
  Tensor table = Tensor::zeros({600, 2});
  for (int64_t k = 0; k < 600; ++k) table.data<float>()[2 * k] = k % 100 == 41 ? 1.0f : 3.0f;
  const Tensor x = Tensor::of({2, 2}, {1, 0, 2.9f, 0});
  on_every_target([&] {
    std::vector<int32_t> codes(2);
    kernels::nearest_code(x.data<float>(), 2, table.data<float>(), 600, 2, nullptr, codes.data());
    CHECK(codes == std::vector<int32_t>{41, 0});
  });
  for (int64_t k = 0; k < 600; ++k) {
    if (k != 77) table.data<float>()[2 * k] = std::numeric_limits<float>::quiet_NaN();
  }
  on_every_target([&] {
    std::vector<int32_t> codes(2);
    kernels::nearest_code(x.data<float>(), 2, table.data<float>(), 600, 2, nullptr, codes.data());
    CHECK(codes == std::vector<int32_t>{77, 77});
  });
}

TEST_CASE("rows are scaled to length 1, and a row of zeros stays one") {
  const Tensor x = Tensor::of({2, 2}, {3, 4, 0, 0});
  Tensor y({2, 2});
  kernels::unit_rows(x.data<float>(), 2, 2, y.data<float>());
  CHECK(test::difference(y, std::vector<double>{0.6, 0.8, 0, 0}) < 1e-7);
}

}  // namespace mlrun
