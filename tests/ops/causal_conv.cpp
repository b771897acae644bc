#include "ops/conv/causal_conv.hpp"

#include "catch.hpp"
#include "ops/gradient_check.hpp"
#include "ops/ssm/fourier.hpp"

using namespace mlrun;
using namespace mlrun::test;

TEST_CASE("a causal convolution is its sum, at lengths that no block divides") {
  for (const int64_t length : {1, 5, 64, 65, 150}) {
    constexpr int64_t kCount = 3, kChannels = 2;
    const Tensor u = random_tensor({kCount, length, kChannels}, 1, -1.0f, 1.0f),
                 k = random_tensor({kChannels, length}, 2, -1.0f, 1.0f);
    const Tensor y = ops::causal_conv(u, k).value();
    double worst = 0;
    for (int64_t b = 0; b < kCount; ++b) {
      for (int64_t t = 0; t < length; ++t) {
        for (int64_t h = 0; h < kChannels; ++h) {
          double sum = 0;
          for (int64_t s = 0; s <= t; ++s) {
            sum += static_cast<double>(k.data<float>()[h * length + t - s]) *
                   static_cast<double>(u.data<float>()[(b * length + s) * kChannels + h]);
          }
          worst =
              std::max(worst, std::abs(sum - static_cast<double>(y.data<float>()[(b * length + t) * kChannels + h])));
        }
      }
    }
    INFO("length " << length);
    CHECK(worst < 1e-4);
  }
}

TEST_CASE("a causal convolution's gradients are those of its values") {
  CHECK(gradient_error([](const std::vector<Variable>& v) { return ops::causal_conv(v[0], v[1]); },
                       {random_tensor({2, 70, 1}, 3, -1.0f, 1.0f), random_tensor({1, 70}, 4, -1.0f, 1.0f)}) <
        kGradientLimit);
}

TEST_CASE("the Fourier transform of two factors is the sum of its definition") {
  for (const int64_t at_least : {1, 2, 7, 12, 101}) {
    const ops::Fourier fourier(at_least);
    REQUIRE(fourier.size() >= at_least);
    REQUIRE(fourier.size() < at_least + 12);
    std::vector<std::complex<double>> x;
    std::vector<double> re, im;
    const RandomStream random(5, "fourier");
    for (int64_t j = 0; j < fourier.size(); ++j) {
      re.push_back(random.normal(static_cast<uint64_t>(2 * j)));
      im.push_back(random.normal(static_cast<uint64_t>(2 * j + 1)));
      x.emplace_back(re.back(), im.back());
    }
    fourier(re.data(), im.data());
    double worst = 0;
    for (int64_t k = 0; k < fourier.size(); ++k) {
      std::complex<double> sum = 0;
      for (int64_t j = 0; j < fourier.size(); ++j) sum += x[static_cast<size_t>(j)] * fourier.root(j * k);
      worst =
          std::max(worst, std::abs(sum - std::complex<double>(re[static_cast<size_t>(k)], im[static_cast<size_t>(k)])));
    }
    CHECK(worst < 1e-11);
  }
}
