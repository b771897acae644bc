// Charts in a web page that needs nothing beside itself: an SVG element whose colours follow the page's, light or dark,
// and which tells the values under the pointer or the finger.
#pragma once

#include <string>

#include "figure/chart.hpp"

namespace mlrun::figure {

// `<svg ...>`, without a legend. It holds the values of its curves, at most some 400 points of each.
std::string svg_element(const Chart& chart, double width, double height);
// `<ul class="legend">`: a sample of each curve and its name; "" where no series has one.
std::string legend_element(const Chart& chart);
// What a page with such elements needs once: the content of a <style> and of a <script>.
std::string web_style();
std::string web_script();

std::string html_escaped(const std::string& text);  // & < > " and '

}  // namespace mlrun::figure
