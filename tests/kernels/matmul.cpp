#include "kernels/product/matmul.hpp"

#include <cstring>
#include <limits>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "catch.hpp"
#include "kernels/isa.hpp"
#include "tensor/random_tensor.hpp"

namespace mlrun {
namespace {

using kernels::Transpose;
using test::difference;
using test::random_tensor;
constexpr Transpose kBoth[] = {Transpose::kNo, Transpose::kYes};

// One product by the definition. The matrices are stored with row strides lda, ldb.
std::vector<double> naive(const float* a, Transpose ta, int64_t lda, const float* b, Transpose tb, int64_t ldb,
                          int64_t m, int64_t n, int64_t k) {
  std::vector<double> c;
  for (int64_t i = 0; i < m; ++i) {
    for (int64_t j = 0; j < n; ++j) {
      double sum = 0;
      for (int64_t l = 0; l < k; ++l) {
        sum += static_cast<double>(ta == Transpose::kNo ? a[i * lda + l] : a[l * lda + i]) *
               static_cast<double>(tb == Transpose::kNo ? b[l * ldb + j] : b[j * ldb + l]);
      }
      c.push_back(sum);
    }
  }
  return c;
}

double tolerance(int64_t k) { return 1e-5 * std::sqrt(static_cast<double>(std::max<int64_t>(k, 1))); }

uint16_t to_bf16(float x) {  // the numbers of the test are exact in bf16
  uint32_t bits;
  std::memcpy(&bits, &x, sizeof bits);
  return static_cast<uint16_t>(bits >> 16);
}

}  // namespace

TEST_CASE("a matrix product equals the double loop for all shapes and transposes") {
  for (const int64_t m : {1, 2, 5, 17, 50}) {
    for (const int64_t n : {1, 3, 16, 65}) {
      for (const int64_t k : {1, 7, 64, 301}) {
        for (const Transpose ta : kBoth) {
          for (const Transpose tb : kBoth) {
            const Tensor a = random_tensor(ta == Transpose::kNo ? Shape{m, k} : Shape{k, m}, 1);
            const Tensor b = random_tensor(tb == Transpose::kNo ? Shape{k, n} : Shape{n, k}, 2);
            const Tensor c = kernels::matmul(a, b, ta, tb);
            CHECK(c.shape() == Shape{m, n});
            INFO("m " << m << " n " << n << " k " << k);
            CHECK(difference(c, naive(a.data<float>(), ta, a.dim(1), b.data<float>(), tb, b.dim(1), m, n, k)) <
                  tolerance(k));
          }
        }
      }
    }
  }
}

TEST_CASE("a raw product obeys row strides, bias and beta, and writes nothing beside its window") {
  for (const int64_t m : {1, 6, 33}) {
    for (const int64_t n : {1, 9, 48}) {
      for (const int64_t k : {0, 1, 20, 130}) {
        for (const float beta : {0.0f, 1.0f, 0.5f}) {
          for (const bool with_bias : {false, true}) {
            const int64_t lda = k + 3, ldb = k + 2, ldc = n + 5;
            const Tensor a = random_tensor({m, lda}, 3), b = random_tensor({n, ldb}, 4), bias = random_tensor({n}, 5);
            Tensor c = random_tensor({m, ldc}, 6);
            const Tensor before = c.clone();
            if (beta == 0.0f) {
              for (int64_t i = 0; i < m * n; ++i) {
                c.data<float>()[i / n * ldc + i % n] = std::numeric_limits<float>::quiet_NaN();
              }
            }
            const std::vector<double> product =
                naive(a.data<float>(), Transpose::kNo, lda, b.data<float>(), Transpose::kYes, ldb, m, n, k);
            kernels::matmul({a.data<float>(), lda}, {b.data<float>(), ldb, Transpose::kYes}, {c.data<float>(), ldc},
                            {m, n, k}, {.beta = beta, .bias = with_bias ? bias.data<float>() : nullptr});
            std::vector<double> expected = test::numbers(before);
            for (int64_t i = 0; i < m; ++i) {
              for (int64_t j = 0; j < n; ++j) {
                double& y = expected[static_cast<size_t>(i * ldc + j)];
                y = product[static_cast<size_t>(i * n + j)] + static_cast<double>(beta) * y;
                if (with_bias) y += static_cast<double>(bias.data<float>()[j]);
              }
            }
            INFO("m " << m << " n " << n << " k " << k << " beta " << beta << " bias " << with_bias);
            CHECK(difference(c, expected) < tolerance(k));
          }
        }
      }
    }
  }
}

TEST_CASE("rows and columns whose elements are apart are multiplied as they are, also in a batch") {
  const auto count = [](int64_t x) { return static_cast<size_t>(x); };
  for (const auto& [m, n] : {std::pair<int64_t, int64_t>{1, 1}, {1, 2}, {1, 9}, {6, 1}, {33, 1}}) {
    for (const int64_t k : {1, 20}) {
      for (const int64_t batch : {1, 3}) {
        for (const Transpose ta : kBoth) {
          for (const Transpose tb : kBoth) {
            for (const float beta : {0.0f, 0.5f}) {
              const int64_t lda = (ta == Transpose::kNo ? k : m) + 5, ldb = (tb == Transpose::kNo ? n : k) + 4,
                            ldc = n + 3;
              const int64_t stride_a = (ta == Transpose::kNo ? m : k) * lda + 7, stride_c = m * ldc + 2;
              const Tensor a = random_tensor({batch, stride_a}, 3), b = random_tensor({k + n, ldb}, 4);
              Tensor c = random_tensor({batch, stride_c}, 5);
              std::vector<double> expected = test::numbers(c);
              for (int64_t s = 0; s < batch; ++s) {
                const auto product = naive(a.data<float>() + s * stride_a, ta, lda, b.data<float>(), tb, ldb, m, n, k);
                for (int64_t i = 0; i < m; ++i) {
                  for (int64_t j = 0; j < n; ++j) {
                    double& y = expected[count(s * stride_c + i * ldc + j)];
                    y = product[count(i * n + j)] + static_cast<double>(beta) * y;
                  }
                }
              }
              kernels::matmul_batched({.batch = batch, .a = stride_a, .b = 0, .c = stride_c},
                                      {a.data<float>(), lda, ta}, {b.data<float>(), ldb, tb}, {c.data<float>(), ldc},
                                      {m, n, k}, {.beta = beta});
              INFO("m " << m << " n " << n << " k " << k << " batch " << batch << " beta " << beta);
              CHECK(difference(c, expected) < tolerance(k));
            }
          }
        }
      }
    }
  }
}

TEST_CASE("a batched product equals the products one by one, also when one operand serves all") {
  for (const Transpose ta : kBoth) {
    for (const Transpose tb : kBoth) {
      for (const int shared : {0, 1, 2}) {  // neither, a, b
        const int64_t batch = 6, m = 5, n = 7, k = 11;
        Shape sa = ta == Transpose::kNo ? Shape{m, k} : Shape{k, m};
        Shape sb = tb == Transpose::kNo ? Shape{k, n} : Shape{n, k};
        if (shared != 1) sa.insert(sa.begin(), {2, 3});
        if (shared != 2) sb.insert(sb.begin(), {2, 3});
        const Tensor a = random_tensor(sa, 7), b = random_tensor(sb, 8);
        const Tensor c = kernels::matmul(a, b, ta, tb);
        CHECK(c.shape() == Shape{2, 3, m, n});
        std::vector<double> expected;
        for (int64_t s = 0; s < batch; ++s) {
          const auto one = naive(a.data<float>() + (shared == 1 ? 0 : s * m * k), ta, a.dim(-1),
                                 b.data<float>() + (shared == 2 ? 0 : s * k * n), tb, b.dim(-1), m, n, k);
          expected.insert(expected.end(), one.begin(), one.end());
        }
        CHECK(difference(c, expected) < tolerance(k));
      }
    }
  }
}

TEST_CASE("a raw batched product takes matrices at given distances and adds with beta") {
  const int64_t batch = 4, m = 3, n = 8, k = 10;
  const Tensor a = random_tensor({batch, 50}, 9), b = random_tensor({k, n}, 10);
  Tensor c = random_tensor({batch, 40}, 11);
  std::vector<double> expected = test::numbers(c);
  for (int64_t s = 0; s < batch; ++s) {
    const auto one = naive(a.data<float>() + s * 50, Transpose::kNo, k, b.data<float>(), Transpose::kNo, n, m, n, k);
    for (size_t i = 0; i < one.size(); ++i) expected[static_cast<size_t>(s) * 40 + i] += one[i];
  }
  kernels::matmul_batched({batch, 50, 0, 40}, {a.data<float>(), k}, {b.data<float>(), n}, {c.data<float>(), n},
                          {m, n, k}, {.beta = 1.0f});
  CHECK(difference(c, expected) < tolerance(k));
}

TEST_CASE("bf16 operands give the exact f32 product of small integers, or words where the CPU has no product") {
  Tensor a({3, 4}, DType::kBF16), b({4, 2}, DType::kBF16);
  for (int i = 0; i < 12; ++i) a.data<uint16_t>()[i] = to_bf16(static_cast<float>(i - 5));
  for (int i = 0; i < 8; ++i) b.data<uint16_t>()[i] = to_bf16(static_cast<float>(3 - i));
  std::vector<double> expected;
  for (int i = 0; i < 3; ++i) {
    for (int j = 0; j < 2; ++j) {
      double sum = 0;
      for (int l = 0; l < 4; ++l) sum += (i * 4 + l - 5) * (3.0 - (l * 2 + j));
      expected.push_back(sum);
    }
  }
  REQUIRE(kernels::has_matmul(DType::kF32));
  if (kernels::has_matmul(DType::kBF16)) {
    CHECK(difference(kernels::matmul(a, b), expected) == 0);
    return;
  }
  CHECK(kernels::isa_in_force() < kernels::Isa::kAvx512);
  try {
    kernels::matmul(a, b);
    FAIL("multiplied");
  } catch (const Error& e) {
    CHECK(e.code() == ExitCode::kUsage);
    CHECK_THAT(e.what(), Catch::Contains("no matrix product of bf16 operands on this CPU"));
  }
}

TEST_CASE("NaN in an operand reaches the result") {
  Tensor a = random_tensor({4, 20}, 12);
  const Tensor b = random_tensor({20, 16}, 13);
  a.data<float>()[3] = std::numeric_limits<float>::quiet_NaN();
  const Tensor c = kernels::matmul(a, b);
  CHECK(std::isnan(c.data<float>()[5]));
  CHECK(std::isfinite(c.data<float>()[20]));
}

TEST_CASE("a product of shapes that do not fit is refused") {
  CHECK_THROWS_AS(kernels::matmul(Tensor({2, 3}), Tensor({2, 3})), Error);
  CHECK_THROWS_AS(kernels::matmul(Tensor({2, 3}), Tensor({3})), Error);
  CHECK_THROWS_AS(kernels::matmul(Tensor({4, 2, 3}), Tensor({5, 3, 2})), Error);
  CHECK_THROWS_AS(kernels::matmul(Tensor({2, 3}, DType::kBF16), Tensor({3, 2})), Error);
}

}  // namespace mlrun
