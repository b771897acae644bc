#include "kernels/product/lower_product.hpp"

#include <cmath>
#include <vector>

#include "catch.hpp"
#include "every_target.hpp"
#include "tensor/random_tensor.hpp"

using namespace mlrun;
using namespace mlrun::kernels;
using test::random_tensor;

TEST_CASE("Products with lower triangular matrices equal the dense ones") {
  for (const int64_t count : {1, 7, 8, 33, 64}) {
    for (const int64_t n : {1, 5, 16, 24, 32, 41}) {
      const int64_t stride = n + 3;
      Tensor w = random_tensor({count, count}, 1);
      for (int64_t i = 0; i < count; ++i)
        for (int64_t j = i + 1; j < count; ++j) w.data<float>()[i * count + j] = 0;
      const Tensor x = random_tensor({count, stride}, 2), other = random_tensor({count, stride}, 3);
      const auto value = [](const Tensor& t, int64_t i, int64_t j) {
        return static_cast<double>(t.data<float>()[i * t.dim(1) + j]);
      };
      on_every_target([&] {
        double worst = 0;
        const auto meet = [&worst](float got, double want) {
          const double e = std::fabs(static_cast<double>(got) - want);
          worst = e >= 0 ? std::max(worst, e) : HUGE_VAL;
        };
        for (const auto transpose : {Transpose::kNo, Transpose::kYes}) {
          for (const float beta : {0.0f, 1.0f}) {
            Tensor y = Tensor::full({count, stride}, beta == 0 ? NAN : 0.5f);
            lower_times(w.data<float>(), transpose, count, x.data<float>(), stride, n, beta, y.data<float>(), stride);
            for (int64_t i = 0; i < count; ++i) {
              for (int64_t j = 0; j < n; ++j) {
                double sum = beta == 0 ? 0 : 0.5;
                for (int64_t k = 0; k < count; ++k)
                  sum += (transpose == Transpose::kNo ? value(w, i, k) : value(w, k, i)) * value(x, k, j);
                meet(y.data<float>()[i * stride + j], sum);
              }
              if (beta == 1) meet(y.data<float>()[i * stride + n], 0.5);  // not touched
            }
          }
        }
        Tensor turned({n, count}), scores = Tensor::full({count, count}, NAN);
        lower_of(x.data<float>(), stride, other.data<float>(), stride, count, n, turned.data<float>(),
                 scores.data<float>());
        for (int64_t i = 0; i < count; ++i) {
          for (int64_t j = 0; j <= i; ++j) {
            double sum = 0;
            for (int64_t k = 0; k < n; ++k) sum += value(x, i, k) * value(other, j, k);
            meet(scores.data<float>()[i * count + j], sum);
          }
        }
        CHECK(worst < 1e-5);
      });
    }
  }
}
