// Words of a command line that say what a chart shows.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "figure/chart.hpp"
#include "figure/picture.hpp"

namespace mlrun::cli {

// "88.33=NADE" or "88.33". Error(kUsage).
figure::ReferenceLine reference_line(const std::string& text);
// "LOW:HIGH"; either may be left out. Error(kUsage).
std::pair<std::optional<double>, std::optional<double>> value_range(const std::string& text, bool log);
// By the ending of a name. Error(kUsage) for another one, with `others` that the command takes.
figure::Format picture_format(const std::string& file, const std::string& others = "");
std::pair<double, double> picture_size(const std::string& text);  // "640x400", points. Error(kUsage)

}  // namespace mlrun::cli
