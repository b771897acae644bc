// A chart as a file, by cairo: PNG, SVG and PDF from one drawing.
#pragma once

#include <string>

#include "figure/chart.hpp"

namespace mlrun::figure {

enum class Format { kPng, kSvg, kPdf };

// The bytes of the file. Width and height in points (1/72 inch); a PNG has two pixels to a point. The ground is white,
// and fonts are in the file (in an SVG as outlines). Equal charts give equal bytes on machines with the same
// fonts; in an SVG cairo numbers its parts through all that a process draws.
// Error(kInternal) with cairo's own words.
std::string picture_of(const Chart& chart, Format format, double width, double height);

}  // namespace mlrun::figure
