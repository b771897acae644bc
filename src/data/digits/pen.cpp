#include "data/digits/pen.hpp"

#include <algorithm>
#include <cstdlib>

namespace mlrun {
namespace {

// sqrt(i / 4096) in 1/4096, rounded down, found without libm.
const std::array<int32_t, 4097>& square_roots() {
  static const std::array<int32_t, 4097> table = [] {
    std::array<int32_t, 4097> roots{};
    int32_t root = 0;
    for (int32_t i = 0; i <= 4096; ++i) {
      while ((root + 1) * (root + 1) <= i * 4096) ++root;
      roots[static_cast<size_t>(i)] = root;
    }
    return roots;
  }();
  return table;
}

// The segment of a Catmull-Rom spline between b and c at t / 2^shift.
int32_t spline(int64_t a, int64_t b, int64_t c, int64_t d, int64_t t, int shift) {
  const int64_t linear = c - a, quadratic = 2 * a - 5 * b + 4 * c - d, cubic = 3 * b - a - 3 * c + d;
  const int64_t scaled = ((((cubic * t) + (quadratic << shift)) * t) + (linear << (2 * shift))) * t;
  return static_cast<int32_t>(b + (scaled >> (3 * shift + 1)));
}

}  // namespace

void Pen::draw(const std::vector<PenPoint>& points, int32_t first, int32_t last) {
  const auto count = static_cast<int32_t>(points.size());
  for (int32_t i = 0; i + 1 < count; ++i) {
    const PenPoint &b = points[static_cast<size_t>(i)], &c = points[static_cast<size_t>(i + 1)];
    const PenPoint& a = i == 0 || b.corner ? b : points[static_cast<size_t>(i - 1)];
    const PenPoint& d = i + 2 == count || c.corner ? c : points[static_cast<size_t>(i + 2)];
    const int32_t reach = std::max(std::abs(c.x - b.x), std::abs(c.y - b.y));
    int shift = 1;  // dots at most half a pixel apart (a spline is a little longer than its chord)
    while ((reach >> shift) > kPixel * 3 / 8 && shift < 6) ++shift;
    const int32_t steps = 1 << shift;
    const int32_t from = first + (last - first) * i / (count - 1);
    const int32_t to = first + (last - first) * (i + 1) / (count - 1);
    for (int32_t t = i == 0 ? 0 : 1; t <= steps; ++t) {
      dot(spline(a.x, b.x, c.x, d.x, t, shift), spline(a.y, b.y, c.y, d.y, t, shift),
          from + (((to - from) * t) >> shift));
    }
  }
}

void Pen::dot(int32_t x, int32_t y, int32_t pressure) {
  const int32_t outer = std::max(outer_ * pressure / 256, 128);
  const int32_t left = std::max((x - outer + 127) >> 8, 0), right = std::min((x + outer - 128) >> 8, kCanvas - 1);
  const int32_t top = std::max((y - outer + 127) >> 8, 0), bottom = std::min((y + outer - 128) >> 8, kCanvas - 1);
  const int32_t scale = (1 << 28) / (outer * outer);  // (d / outer)^2 in 1/4096 is (d^2 >> 4) * scale >> 12
  for (int32_t row = top; row <= bottom; ++row) {
    const int32_t dy = row * kPixel + 128 - y;
    int32_t* nearest = &nearest_[static_cast<size_t>(row * kCanvas)];
    for (int32_t column = left; column <= right; ++column) {
      const int32_t dx = column * kPixel + 128 - x;
      const int32_t distance = (((dx * dx + dy * dy) >> 4) * scale) >> 12;
      nearest[column] = std::min(nearest[column], distance);
    }
  }
}

void Pen::develop(int32_t ink, uint8_t* pixels) const {
  const auto& roots = square_roots();
  for (size_t i = 0; i < nearest_.size(); ++i) {
    if (nearest_[i] >= kFar) {
      pixels[i] = 0;
      continue;
    }
    const int32_t inside =
        ((4096 - roots[static_cast<size_t>(nearest_[i])]) * outer_) >> 12;  // to the rim, 1/256 pixel
    pixels[i] = static_cast<uint8_t>(ink * std::min(inside, softness_) / softness_);
  }
}

}  // namespace mlrun
