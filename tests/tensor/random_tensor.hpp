// Tensors of random numbers for tests, and ways to compare tensors.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/error.hpp"
#include "base/random.hpp"
#include "tensor/tensor.hpp"

namespace mlrun::test {

// Uniform in [low, high], but never within `gap` of zero (a kink of relu and abs).
inline Tensor random_tensor(const Shape& shape, uint64_t seed, float low = -1.0f, float high = 1.0f, float gap = 0.0f) {
  const RandomStream stream(seed, "test");
  Tensor t(shape);
  for (int64_t i = 0; i < t.count(); ++i) {
    float x = low + (high - low) * (static_cast<float>(stream.block(static_cast<uint64_t>(i))[0] >> 8) * 0x1p-24f);
    if (std::fabs(x) < gap) x = x < 0 ? x - gap : x + gap;
    t.data<float>()[i] = x;
  }
  return t;
}

inline Tensor random_symbols(const Shape& shape, uint64_t alphabet, uint64_t seed) {
  const RandomStream stream(seed, "test symbols");
  Tensor t(shape, DType::kS32);
  for (int64_t i = 0; i < t.count(); ++i) {
    t.data<int32_t>()[i] = static_cast<int32_t>(stream.below(static_cast<uint64_t>(i), alphabet));
  }
  return t;
}

inline std::vector<double> numbers(const Tensor& t) {
  return std::vector<double>(t.data<float>(), t.data<float>() + t.count());
}

// The greatest |a - b| / max(1, |b|). NaN differs from everything.
inline double difference(const std::vector<double>& a, const std::vector<double>& b) {
  require(a.size() == b.size(), "{} numbers against {}", a.size(), b.size());
  double worst = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    const double d = std::fabs(a[i] - b[i]) / std::max(1.0, std::fabs(b[i]));
    worst = d >= 0 ? std::max(worst, d) : HUGE_VAL;
  }
  return worst;
}
inline double difference(const Tensor& a, const std::vector<double>& b) { return difference(numbers(a), b); }
inline double difference(const Tensor& a, const Tensor& b) {
  require(a.shape() == b.shape(), "shape {} against {}", to_string(a.shape()), to_string(b.shape()));
  return difference(numbers(a), numbers(b));
}

}  // namespace mlrun::test
