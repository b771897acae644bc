// A chart made of characters.
#pragma once

#include <string>

#include "cli/terminal/terminal.hpp"
#include "figure/chart.hpp"

namespace mlrun::cli {

// Lines of at most the screen's width (at least 30 columns are drawn): axes with round numbers, curves in braille dots
// (2 x 4 to a character) or, without UTF-8, in the letters of the series, `rows` characters high, and the legend. Each
// curve ends in its letter where there are several, so that it is found without colours; bands are not drawn.
std::string chart_text(const figure::Chart& chart, const Screen& screen, int rows = 16);

// The last values of a curve as one line of `width` bars, low to high; without UTF-8 "".
std::string sparkline(const std::vector<double>& values, int width, const Screen& screen);

}  // namespace mlrun::cli
