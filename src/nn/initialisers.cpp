#include "nn/initialisers.hpp"

#include <cmath>
#include <utility>

namespace mlrun::initialise {

Initialiser zeros() { return constant(0.0f); }

Initialiser constant(float value) {
  return [value](Tensor& t, const RandomStream&) { t.fill(value); };
}

Initialiser rows(std::vector<double> row) {
  return [row = std::move(row)](Tensor& t, const RandomStream&) {
    for (int64_t i = 0; i < t.count(); ++i)
      t.data<float>()[i] = static_cast<float>(row[static_cast<size_t>(i) % row.size()]);
  };
}

Initialiser uniform(double bound) {
  return [bound](Tensor& t, const RandomStream& noise) {
    float* x = t.data<float>();
    for (int64_t i = 0; i < t.count(); ++i) {
      x[i] = static_cast<float>(bound * (2.0 * noise.uniform(static_cast<uint64_t>(i)) - 1.0));
    }
  };
}

Initialiser normal(double deviation) {
  return [deviation](Tensor& t, const RandomStream& noise) {
    float* x = t.data<float>();
    for (int64_t i = 0; i < t.count(); ++i)
      x[i] = static_cast<float>(deviation * noise.normal(static_cast<uint64_t>(i)));
  };
}

Initialiser glorot_uniform(int64_t fan_in, int64_t fan_out) {
  return uniform(std::sqrt(6.0 / static_cast<double>(fan_in + fan_out)));
}
Initialiser kaiming_uniform(int64_t fan_in) { return uniform(std::sqrt(6.0 / static_cast<double>(fan_in))); }
Initialiser lecun_uniform(int64_t fan_in) { return uniform(1.0 / std::sqrt(static_cast<double>(fan_in))); }

}  // namespace mlrun::initialise
