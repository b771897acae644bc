#include "kernels/vector/normalize.hpp"

#include <limits>

#include "catch.hpp"
#include "kernels/reference.hpp"
#include "kernels/vector/elementwise.hpp"
#include "tensor/random_tensor.hpp"

namespace mlrun {

using test::difference;
using test::random_tensor;

TEST_CASE("layer normalization and its gradients agree with NumPy") {
  const Tensor x = Tensor::of({4, 7}, reference::kNormX), gain = Tensor::of({7}, reference::kNormGain);
  const Tensor bias = Tensor::of({7}, reference::kNormBias), dy = Tensor::of({4, 7}, reference::kNormDy);
  const auto forward = kernels::layer_norm(x, gain, bias, 1e-5f);
  CHECK(difference(forward.y, reference::kLayerNorm) < 2e-6);
  Tensor dx = Tensor::full({4, 7}, std::numeric_limits<float>::quiet_NaN()), dgain({7}), dbias({7});
  kernels::normalize_gradient({&dx, &dgain, &dbias}, dy, x, gain, forward);
  CHECK(difference(dx, reference::kLayerNormDx) < 4e-6);
  CHECK(difference(dgain, reference::kLayerNormDgain) < 4e-6);
  CHECK(difference(dbias, reference::kLayerNormDbias) < 4e-6);
  // Once more on top: twice the gradient.
  const Tensor once = kernels::affine(dx, 2.0f), gain_once = kernels::affine(dgain, 2.0f);
  kernels::normalize_gradient({&dx, &dgain, nullptr, true, true}, dy, x, gain, forward);
  CHECK(difference(dx, once) < 1e-6);
  CHECK(difference(dgain, gain_once) < 1e-6);
}

TEST_CASE("root mean square normalization and its gradient agree with NumPy") {
  const Tensor x = Tensor::of({4, 7}, reference::kNormX), gain = Tensor::of({7}, reference::kNormGain);
  const Tensor dy = Tensor::of({4, 7}, reference::kNormDy);
  const auto forward = kernels::rms_norm(x, gain, 1e-5f);
  CHECK(difference(forward.y, reference::kRmsNorm) < 2e-6);
  Tensor dx({4, 7});
  kernels::normalize_gradient({&dx}, dy, x, gain, forward);
  CHECK(difference(dx, reference::kRmsNormDx) < 4e-6);
}

TEST_CASE("a normalized row has mean 0 and variance 1 at every length, also far from zero") {
  for (const int64_t n : {2, 15, 16, 17, 100, 513}) {
    for (const float offset : {0.0f, 500.0f}) {
      const Tensor x = random_tensor({5, n}, 61, offset - 3, offset + 3);
      const Tensor one = Tensor::full({n}, 1.0f), zero = Tensor::zeros({n});
      const Tensor y = kernels::layer_norm(x, one, zero, 0.0f).y;
      for (int64_t r = 0; r < 5; ++r) {
        double mean = 0, square = 0;
        for (const double v : test::numbers(y.rows(r, r + 1))) mean += v, square += v * v;
        INFO("length " << n << " around " << offset);
        CHECK(std::fabs(mean / static_cast<double>(n)) < 1e-4);
        CHECK(square / static_cast<double>(n) == Approx(1.0).epsilon(1e-4));
      }
    }
  }
}

TEST_CASE("gelu agrees with NumPy") {
  const Tensor x = Tensor::of({12}, reference::kGeluX);
  CHECK(difference(kernels::apply(kernels::Function::kGelu, x), reference::kGelu) < 1e-6);
}

}  // namespace mlrun
