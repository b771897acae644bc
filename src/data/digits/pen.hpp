// A pen on a small grey canvas, in integers only, so that every machine draws the same bits.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace mlrun {

inline constexpr int kCanvas = 28;  // pixels on a side
inline constexpr int32_t kPixel =
    256;  // coordinates are in 1/256 of a pixel; pixel (0, 0) has its centre at (128, 128)

struct PenPoint {
  int32_t x = 0, y = 0;
  bool corner = false;  // the pen turns here at once; elsewhere its path is smooth
};

class Pen {
 public:
  // radius: of the full line, in 1/256 pixel. Beyond it the ink fades to nothing within `softness`.
  Pen(int32_t radius, int32_t softness) : outer_(radius + softness), softness_(softness) { nearest_.fill(kFar); }

  // A Catmull-Rom spline through the points. The radius goes from `first` to `last` (in 1/256 of the pen's own), which
  // is how pressure shows.
  void draw(const std::vector<PenPoint>& points, int32_t first, int32_t last);

  // The canvas, row-major: 0 is paper, `ink` (at most 255) is the middle of a line.
  void develop(int32_t ink, uint8_t* pixels) const;

 private:
  static constexpr int32_t kFar = 1 << 12;  // (distance / outer radius)^2 in 1/4096: nothing at or beyond is drawn
  void dot(int32_t x, int32_t y, int32_t pressure);

  int32_t outer_, softness_;
  std::array<int32_t, kCanvas * kCanvas> nearest_;  // per pixel, the least of (distance / outer radius)^2
};

}  // namespace mlrun
