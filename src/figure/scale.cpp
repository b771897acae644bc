#include "figure/scale.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "base/error.hpp"

namespace mlrun::figure {
namespace {

constexpr double kMargin = 0.03;     // of the axis, beyond the outermost values
constexpr double kRounding = 1e-10;  // of a value: closer ones are one, and no labels could tell them apart

// The least of 1, 2, 5 times a power of ten that is at least `least`.
double round_step(double least) {
  const double power = std::pow(10, std::floor(std::log10(least)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= least * (1 - 1e-9)) return factor * power;
  }
  return 10 * power;
}

int decimals_of(double step) { return std::clamp(static_cast<int>(std::ceil(-std::log10(step) - 1e-9)), 0, 12); }

// Labels of one axis are written alike: with k or M where all of them are large and round.
std::string label_of(double value, double step, double greatest) {
  if (std::abs(value) < step * 1e-6) return "0";
  if (greatest >= 1e13 || greatest < 1e-4) {
    const double digits = std::floor(std::log10(greatest) + 1e-9) - std::floor(std::log10(step) + 1e-9);
    return fmt::format("{:.{}e}", value, static_cast<int>(std::clamp(digits, 0.0, 12.0)));
  }
  for (const auto& [unit, name] : {std::pair(1e9, "G"), std::pair(1e6, "M"), std::pair(1e3, "k")}) {
    if (greatest >= 10 * unit && step >= unit / 10)
      return fmt::format("{:.{}f}{}", value / unit, decimals_of(step / unit), name);
  }
  return fmt::format("{:.{}f}", value, decimals_of(step));
}

std::string decade_label(double value) {
  if (value >= 1e13 || value < 0.99e-3) return fmt::format("{:.0e}", value);
  for (const auto& [unit, name] : {std::pair(1e9, "G"), std::pair(1e6, "M"), std::pair(1e3, "k")}) {
    if (value >= unit * 0.99) return fmt::format("{:g}{}", std::round(value / unit), name);
  }
  return fmt::format("{:g}", value);
}

struct Range {
  double low = std::numeric_limits<double>::infinity(), high = -std::numeric_limits<double>::infinity();
  void add(double value, bool log) {
    if (!std::isfinite(value) || (log && value <= 0)) return;
    low = std::min(low, value);
    high = std::max(high, value);
  }
  bool empty() const { return low > high; }
};

Scale scale_of(Range range, const Axis& axis, double margin) {
  if (axis.least) range.low = *axis.least;
  if (axis.greatest) range.high = *axis.greatest;
  if (!std::isfinite(range.low) && std::isfinite(range.high)) range.low = axis.log ? range.high / 10 : range.high - 1;
  if (!std::isfinite(range.high) && std::isfinite(range.low)) range.high = axis.log ? range.low * 10 : range.low + 1;
  if (range.empty()) range = axis.log ? Range{1, 10} : Range{0, 1};
  // One value, but for roundings perhaps: it stands in the middle.
  const double greatest = std::max(std::abs(range.low), std::abs(range.high));
  if (range.high - range.low <= kRounding * greatest) {
    const double around = axis.log ? 0 : std::max(std::abs(range.low) * 0.05, 1e-9);
    range = axis.log ? Range{range.low / 2, range.high * 2} : Range{range.low - around, range.high + around};
  }
  if (axis.log) {
    const double factor = std::pow(range.high / range.low, margin);
    if (!axis.least) range.low /= factor;
    if (!axis.greatest) range.high *= factor;
  } else {
    const double more = (range.high - range.low) * margin;
    if (!axis.least) range.low -= more;
    if (!axis.greatest) range.high += more;
  }
  return {range.low, range.high, axis.log};
}

// Of the values of all curves; `late` leaves out the first tenth of each.
Range heights_of(const Chart& chart, bool late) {
  Range range;
  for (const Series& s : chart.series) {
    const bool skip = late && !s.marks && s.y.size() >= 10;
    for (size_t i = skip ? s.y.size() / 10 : 0; i < s.y.size(); ++i) {
      range.add(s.y[i], chart.y.log);
      if (!s.low.empty()) range.add(s.low[i], chart.y.log);
      if (!s.high.empty()) range.add(s.high[i], chart.y.log);
      if (!s.faint.empty()) range.add(s.faint[i], chart.y.log);
    }
  }
  return range;
}

}  // namespace

Scale::Scale(double low, double high, bool log) : low_(low), high_(high), log_(log) {
  require(low < high && (!log || low > 0), "an axis from {} to {}", low, high);
}

double Scale::at(double value) const {
  if (!log_) return (value - low_) / (high_ - low_);
  if (!(value > 0)) return std::numeric_limits<double>::quiet_NaN();
  return std::log(value / low_) / std::log(high_ / low_);
}

std::vector<Tick> Scale::ticks(int most) const {
  std::vector<Tick> ticks;
  most = std::max(most, 2);
  if (log_ && high_ / low_ >= 8) {
    const int first = static_cast<int>(std::floor(std::log10(low_))), last = static_cast<int>(std::log10(high_)) + 1;
    const double decades = std::log10(high_ / low_);
    const int stride = std::max(1, static_cast<int>(std::ceil(decades / most)));
    const bool between = decades * 3 <= most;
    for (int power = first; power <= last; ++power) {
      if (((power % stride) + stride) % stride != 0) continue;
      for (const double factor : {1.0, 2.0, 5.0}) {
        const double value = factor * std::pow(10, power);
        if (value >= low_ * (1 - 1e-9) && value <= high_ * (1 + 1e-9) && (factor == 1 || between))
          ticks.push_back({value, decade_label(value)});
      }
    }
    return ticks;
  }
  const double step = round_step((high_ - low_) / most);
  const double greatest = std::max(std::abs(low_), std::abs(high_));
  const double first = std::ceil(low_ / step - 1e-9);
  for (int i = 0; i <= most && (first + i) * step <= high_ + step * 1e-9; ++i)
    ticks.push_back({(first + i) * step, label_of((first + i) * step, step, greatest)});
  return ticks;
}

Scales scales_of(const Chart& chart) {
  Range x;
  for (const Series& s : chart.series) {
    for (size_t i = 0; i < s.x.size(); ++i) {
      const double y = s.y[i];
      if (std::isfinite(y) && (!chart.y.log || y > 0)) x.add(s.x[i], chart.x.log);
    }
  }
  Range y = heights_of(chart, false);
  const Range late = heights_of(chart, true);
  if (!chart.y.log && !late.empty() && y.high - late.high > late.high - late.low) y.high = late.high;
  for (const ReferenceLine& line : chart.lines) y.add(line.value, chart.y.log);
  const bool marks = std::any_of(chart.series.begin(), chart.series.end(), [](const Series& s) { return s.marks; });
  return {scale_of(x, chart.x, marks ? 2 * kMargin : 0), scale_of(y, chart.y, kMargin)};
}

}  // namespace mlrun::figure
