// A chart on a canvas: frame, round numbers, grid, curves with their bands, levels to compare with, and a legend.
#pragma once

#include "figure/canvas.hpp"
#include "figure/chart.hpp"
#include "figure/scale.hpp"

namespace mlrun::figure {

// Where the values are: x values from `left` to `left + width`, y values from `top + height` up to `top`, in points.
struct Frame {
  double left, top, width, height;
  Scales scales;
};

// A legend that would take more than a third of the height names the first series and counts the others.
Frame draw(const Chart& chart, Canvas& canvas, double width, double height);

int colour_of(const Series& series, size_t index);  // of the palette
int dash_of(size_t index);                          // curves beyond the palette repeat its colours with dashes

}  // namespace mlrun::figure
