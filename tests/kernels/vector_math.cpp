// vmath against the standard library in double, over the whole range of float, on every instruction set this CPU has.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/vector_math.cpp"
#include "catch.hpp"
#include "hwy/foreach_target.h"
//
#include "kernels/vector/vector_math.hpp"

HWY_BEFORE_NAMESPACE();
namespace mlrun::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

template <class Function>
void map_vector(const float* x, float* y, size_t count, Function function) {
  const hn::ScalableTag<float> d;
  const size_t lanes = hn::Lanes(d);
  for (size_t i = 0; i < count; i += lanes) hn::StoreU(function(d, hn::LoadU(d, x + i)), d, y + i);
}

void map_all(const float* x, float* y, size_t count, int which) {
  switch (which) {
    case 0:
      return map_vector(x, y, count, [](auto d, auto v) HWY_ATTR { return vmath::exp(d, v); });
    case 1:
      return map_vector(x, y, count, [](auto d, auto v) HWY_ATTR { return vmath::exp_nonpositive(d, v); });
    case 2:
      return map_vector(x, y, count, [](auto d, auto v) HWY_ATTR { return vmath::sigmoid(d, v); });
    case 3:
      return map_vector(x, y, count, [](auto d, auto v) HWY_ATTR { return vmath::tanh(d, v); });
    case 4:
      return map_vector(x, y, count, [](auto d, auto v) HWY_ATTR { return vmath::log(d, v); });
    case 5:
      return map_vector(x, y, count, [](auto d, auto v) HWY_ATTR { return vmath::log1p_fraction(d, v); });
    default:
      return map_vector(x, y, count, [](auto d, auto v) HWY_ATTR { return vmath::softplus(d, v); });
  }
}

}  // namespace mlrun::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "kernels/every_target.hpp"

namespace mlrun::kernels {
HWY_EXPORT(map_all);

namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

std::vector<float> map(int which, std::vector<float> x) {
  const size_t count = x.size();
  x.resize((count + 15) / 16 * 16, 0.5f);
  std::vector<float> y(x.size());
  HWY_DYNAMIC_DISPATCH(map_all)(x.data(), y.data(), x.size(), which);
  y.resize(count);
  return y;
}

// Largest error relative to the true value, over [low, high], which must have normal results.
double worst(int which, double low, double high, double (*truth)(double)) {
  std::vector<float> x;
  for (int i = 0; i <= 200000; ++i) x.push_back(static_cast<float>(low + (high - low) * i / 200000.0));
  const std::vector<float> y = map(which, x);
  double error = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    const double want = truth(static_cast<double>(x[i]));
    if (want == 0) {
      error = std::max(error, std::fabs(static_cast<double>(y[i])));
    } else {
      error = std::max(error, std::fabs(static_cast<double>(y[i]) - want) / std::fabs(want));
    }
  }
  return error;
}

double sigmoid_double(double x) { return 1 / (1 + std::exp(-x)); }
double softplus_double(double x) { return std::fmax(x, 0) + std::log1p(std::exp(-std::fabs(x))); }

}  // namespace

TEST_CASE("Vector functions keep their stated accuracy") {
  on_every_target([] {
    CHECK(worst(0, -87.3, 88.72, std::exp) < 2.5e-7);
    CHECK(worst(0, -1, 1, std::exp) < 2.5e-7);
    CHECK(worst(1, -87, 0, std::exp) < 6e-6);
    CHECK(worst(1, -5, 0, std::exp) < 5e-7);
    CHECK(worst(2, -86.9, 0, sigmoid_double) < 6e-6);
    CHECK(worst(2, -5, 87, sigmoid_double) < 5e-7);
    CHECK(worst(3, -10, 10, std::tanh) < 5e-7);
    CHECK(worst(3, -1e-3, 1e-3, std::tanh) < 5e-7);
    CHECK(worst(4, 1e-30, 1e-20, std::log) < 2.5e-7);
    CHECK(worst(4, 1e-3, 2, std::log) < 2.5e-7);
    CHECK(worst(4, 2, 1e30, std::log) < 2.5e-7);
    CHECK(worst(5, 0, 1, std::log1p) < 2.5e-7);
    CHECK(worst(5, 1e-12, 1e-4, std::log1p) < 2.5e-7);
    CHECK(worst(6, -10, 100, softplus_double) < 1e-6);
    CHECK(worst(6, -86, -10, softplus_double) < 6e-6);
  });
}

TEST_CASE("Vector functions are right at the ends of the range") {
  on_every_target([] {
    CHECK(map(0, {-kInfinity, -1e30f, -88.0f, 0.0f, 88.73f, 1e30f, kInfinity}) ==
          std::vector<float>{0, 0, 0, 1, kInfinity, kInfinity, kInfinity});
    CHECK(map(2, {kInfinity, 1e30f, 0.0f}) == std::vector<float>{1, 1, 0.5f});
    for (const float y : map(2, {-kInfinity, -1e30f, -100.0f})) CHECK((y >= 0 && y < 2e-38f));
    CHECK(map(3, {0.0f, kInfinity, -kInfinity})[0] == 0);
    CHECK(map(3, {kInfinity})[0] == Approx(1).epsilon(1e-6));
    CHECK(map(3, {-1e30f})[0] == Approx(-1).epsilon(1e-6));
    CHECK(map(4, {0.0f, 1.0f, kInfinity}) == std::vector<float>{-kInfinity, 0, kInfinity});
    CHECK(std::isnan(map(4, {-1.0f})[0]));
    CHECK(map(5, {0.0f})[0] == 0);
    CHECK(map(6, {1e30f, kInfinity}) == std::vector<float>{1e30f, kInfinity});
  });
}

TEST_CASE("Vector functions pass NaN through") {
  on_every_target([] {
    for (const int which : {0, 2, 3, 4, 6}) CHECK(std::isnan(map(which, {kNaN})[0]));
  });
}

}  // namespace mlrun::kernels
#endif
