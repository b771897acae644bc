#include "kernels/vector/steps.hpp"

#include "catch.hpp"
#include "every_target.hpp"
#include "tensor/random_tensor.hpp"

namespace mlrun {

using test::random_tensor;

TEST_CASE("a product of steps agrees with its definition, at any sizes and strides") {
  on_every_target([] {
    for (const int64_t out : {1, 5, 48, 61, 100}) {
      for (const int64_t rows : {1, 2, 3, 7, 16}) {
        constexpr int64_t kIn = 9, kStride = 11;
        const Tensor b = random_tensor({kIn, out}, 1), x = random_tensor({rows, kStride}, 2);
        const Tensor add = random_tensor({rows, out + 2}, 3);
        Tensor y = Tensor::full({rows, out + 1}, 7.0f);
        const kernels::StepWeights weights(b);
        weights({rows, x.data<float>(), kStride, add.data<float>(), out + 2, y.data<float>(), out + 1});
        std::vector<double> expected;
        for (int64_t r = 0; r < rows; ++r) {
          for (int64_t c = 0; c < out; ++c) {
            double sum = static_cast<double>(add.data<float>()[r * (out + 2) + c]);
            for (int64_t j = 0; j < kIn; ++j) {
              sum += static_cast<double>(x.data<float>()[r * kStride + j]) *
                     static_cast<double>(b.data<float>()[j * out + c]);
            }
            expected.push_back(sum);
          }
          expected.push_back(7);  // not written
        }
        CHECK(test::difference(y, expected) < 1e-5);
      }
    }
  });
}

TEST_CASE("a row of a product of steps has the same bits whatever rows go with it") {
  on_every_target([] {
    const Tensor b = random_tensor({33, 70}, 1), x = random_tensor({15, 33}, 2);
    const kernels::StepWeights weights(b);
    Tensor all({15, 70}), alone({15, 70});
    weights({15, x.data<float>(), 33, nullptr, 0, all.data<float>(), 70});
    for (int64_t r = 0; r < 15; ++r) {
      weights({1, x.data<float>() + r * 33, 33, nullptr, 0, alone.data<float>() + r * 70, 70});
    }
    CHECK(test::difference(alone, all) == 0);
  });
}

}  // namespace mlrun
