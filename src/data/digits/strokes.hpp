// How people write the ten digits: for each, a few ways, each a list of pen strokes.
#pragma once

#include <span>
#include <vector>

#include "data/digits/pen.hpp"

namespace mlrun {

// Points on a grid of 100 x 100, y downwards.
using Stroke = std::vector<PenPoint>;
struct Glyph {
  int32_t weight;  // how common this way is, among those of its digit
  std::vector<Stroke> strokes;
};
std::span<const Glyph> glyphs_of(int digit);

}  // namespace mlrun
