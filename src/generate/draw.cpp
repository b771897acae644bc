#include "generate/draw.hpp"

#include <algorithm>
#include <cmath>

namespace mlrun {

int32_t draw_symbol(const float* logits, int64_t alphabet, double u, double temperature) {
  if (alphabet == 2) return u < 1.0 / (1.0 + std::exp(-static_cast<double>(logits[0]) / temperature)) ? 1 : 0;
  const double most = *std::max_element(logits, logits + alphabet);
  double total = 0;
  for (int64_t k = 0; k < alphabet; ++k) total += std::exp((static_cast<double>(logits[k]) - most) / temperature);
  double left = u * total;
  for (int64_t k = 0; k < alphabet; ++k) {
    left -= std::exp((static_cast<double>(logits[k]) - most) / temperature);
    if (left < 0) return static_cast<int32_t>(k);
  }
  return static_cast<int32_t>(alphabet - 1);
}

}  // namespace mlrun
