#include "data/digits/handwriting.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/random.hpp"
#include "data/digits/strokes.hpp"

namespace mlrun {
namespace {

// One image's random numbers, in the order in which they are asked for.
class Hand {
 public:
  explicit Hand(uint64_t index) : stream_(RandomStream(2026, "handwritten digits").at(index)) {}

  // 0 .. bound - 1.
  int32_t below(int32_t bound) { return static_cast<int32_t>(stream_.below(counter_++, static_cast<uint64_t>(bound))); }
  // low .. high, flat.
  int32_t between(int32_t low, int32_t high) { return low + below(high - low + 1); }
  // Two bell-shaped numbers with the given standard deviation: sums of four uniforms, for a normal needs libm.
  std::pair<int32_t, int32_t> pair_around_zero(int32_t deviation) {
    const auto block = stream_.block(counter_++);
    int64_t x = -2 * 65535, y = -2 * 65535;
    for (const uint32_t word : block) {
      x += word & 0xffff;
      y += word >> 16;
    }
    // The sum of four uniforms on [0, 65535] has standard deviation 65536 / sqrt(3) = 37837.
    return {static_cast<int32_t>(x * deviation / 37837), static_cast<int32_t>(y * deviation / 37837)};
  }

 private:
  RandomStream stream_;
  uint64_t counter_ = 0;
};

const Glyph& choose(std::span<const Glyph> ways, Hand& hand) {
  int32_t total = 0;
  for (const Glyph& way : ways) total += way.weight;
  int32_t ticket = hand.below(total);
  for (const Glyph& way : ways) {
    ticket -= way.weight;
    if (ticket < 0) return way;
  }
  return ways.back();
}

// A digit before the pen touches the paper.
struct Sketch {
  DigitFacts facts;
  std::vector<Stroke> strokes;  // on the canvas
  int32_t softness = 0;         // of the pen
};

Sketch sketch(Hand& hand) {
  Sketch drawn;
  drawn.facts.label = hand.below(10);
  const Glyph& glyph = choose(glyphs_of(drawn.facts.label), hand);

  // An unsteady hand: every point moves; then the whole leans, turns and stretches. Units: 1/256 of the grid's.
  const auto [lean, turn] = hand.pair_around_zero(40);  // 1/256: a shear of 0.16, a turn of 0.12 (7 degrees)
  const auto [stretch, unused] = hand.pair_around_zero(36);
  const int32_t shear = lean + 34, rotate = turn * 3 / 4, width = std::clamp(256 + stretch, 160, 350);
  const int32_t shakiness = hand.between(500, 1350);
  drawn.facts.slant = shear + rotate;
  drawn.strokes = glyph.strokes;
  int32_t left = INT32_MAX, right = INT32_MIN, top = INT32_MAX, bottom = INT32_MIN;
  for (Stroke& stroke : drawn.strokes) {
    for (PenPoint& point : stroke) {
      const auto [dx, dy] = hand.pair_around_zero(shakiness);
      const int32_t x = ((point.x - 36) * 256 + dx) * width / 256, y = (point.y - 50) * 256 + dy;
      point.x = x - y * (shear + rotate) / 256;
      point.y = y + x * rotate / 256;
      left = std::min(left, point.x), right = std::max(right, point.x);
      top = std::min(top, point.y), bottom = std::max(bottom, point.y);
    }
  }

  // MNIST's proportions: the digit fills a box of about 20 pixels and sits near the middle of the canvas.
  const int32_t box = hand.between(kPixel * 16, kPixel * 20);
  const int64_t extent = std::max({bottom - top, right - left, 256});
  const auto [shift_x, shift_y] = hand.pair_around_zero(kPixel / 2);
  drawn.facts.drop = shift_y;
  for (Stroke& stroke : drawn.strokes) {
    for (PenPoint& point : stroke) {
      point.x = static_cast<int32_t>((2 * point.x - left - right) * int64_t{box} / (2 * extent)) +
                kCanvas * kPixel / 2 + shift_x;
      point.y = static_cast<int32_t>((2 * point.y - top - bottom) * int64_t{box} / (2 * extent)) +
                kCanvas * kPixel / 2 + shift_y;
    }
  }

  // One draw a statement: the order in which arguments are evaluated is the compiler's choice.
  drawn.facts.radius = hand.between(150, 330);
  drawn.softness = hand.between(190, 300);
  return drawn;
}

}  // namespace

DigitFacts facts_of_digit(uint64_t index) {
  Hand hand(index);
  return sketch(hand).facts;
}

int write_digit(uint64_t index, uint8_t* pixels) {
  Hand hand(index);
  const Sketch drawn = sketch(hand);
  Pen pen(drawn.facts.radius, drawn.softness);
  for (const Stroke& stroke : drawn.strokes) {
    const int32_t first = hand.between(215, 285), last = hand.between(190, 275);
    pen.draw(stroke, first, last);
  }
  const bool dry = hand.below(5) == 0;
  pen.develop(dry ? hand.between(200, 254) : hand.between(253, 255), pixels);
  return drawn.facts.label;
}

}  // namespace mlrun
