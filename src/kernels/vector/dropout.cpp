#include "kernels/vector/dropout.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "kernels/profile.hpp"

namespace mlrun::kernels {

Tensor dropout_mask(const Shape& shape, float p, const RandomStream& stream) {
  require(p >= 0.0f && p < 1.0f, "dropout with probability {}", p);
  Tensor mask(shape);
  const profile::Scope scope("dropout mask", "own", 0, static_cast<double>(mask.bytes()));
  const float kept = 1.0f / (1.0f - p);
  const auto least = static_cast<uint64_t>(static_cast<double>(p) * 0x1p32);  // drop when the draw is below it
  float* m = mask.data<float>();
  for (int64_t i = 0; i < mask.count(); i += 4) {
    const auto draws = stream.block(static_cast<uint64_t>(i) / 4);
    const int64_t count = std::min<int64_t>(4, mask.count() - i);
    for (int64_t j = 0; j < count; ++j) m[i + j] = draws[static_cast<size_t>(j)] < least ? 0.0f : kept;
  }
  return mask;
}

}  // namespace mlrun::kernels
