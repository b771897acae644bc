#include "nn/sinusoids.hpp"

#include <cmath>

namespace mlrun {

void sinusoid(int64_t position, int64_t width, float* to) {
  for (int64_t i = 0; i < width; ++i) {
    const double angle =
        static_cast<double>(position) * std::pow(10000.0, -static_cast<double>(i / 2 * 2) / static_cast<double>(width));
    to[i] = static_cast<float>(i % 2 == 0 ? std::sin(angle) : std::cos(angle));
  }
}

Tensor sinusoids(int64_t length, int64_t width) {
  Tensor all({length, width});
  for (int64_t t = 0; t < length; ++t) sinusoid(t, width, all.data<float>() + t * width);
  return all;
}

}  // namespace mlrun
