#include "cli/terminal/chart.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "base/printable.hpp"
#include "cli/terminal/braille.hpp"
#include "cli/terminal/text_table.hpp"
#include "figure/draw.hpp"
#include "figure/scale.hpp"

namespace mlrun::cli {
namespace {

constexpr int kLeastChart = 30, kMostChart = 160;

// Of the palette of figures, the nearest of the 256 colours of a terminal; readable on black and on white.
constexpr std::array<int, 7> kTerminalColours = {32, 166, 36, 175, 178, 74, 244};

char letter_of(size_t series) {
  return static_cast<char>(series < 26 ? 'a' + series : series < 52 ? 'A' + series - 26 : '*');
}

// A field of dots, and for each character whose dots they are.
class DotField {
 public:
  DotField(int columns, int rows, bool utf8)
      : columns_(columns),
        rows_(rows),
        dots_across_(utf8 ? 2 : 1),
        dots_down_(utf8 ? 4 : 1),
        cells_(static_cast<size_t>(columns) * static_cast<size_t>(rows)) {}

  int width() const { return columns_ * dots_across_; }
  int height() const { return rows_ * dots_down_; }

  // Outside of the field nothing happens.
  void dot(int x, int y, int series) {
    if (x < 0 || y < 0 || x >= width() || y >= height()) return;
    constexpr std::array<std::array<unsigned, 2>, 4> kDots = {{{0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}}};
    Cell& cell = at(x / dots_across_, y / dots_down_);
    cell.dots |= kDots[static_cast<size_t>(y % dots_down_)][static_cast<size_t>(x % dots_across_)];
    cell.series = series;
  }

  void line(double x0, double y0, double x1, double y1, int series) {
    if ((y0 < 0 && y1 < 0) || (y0 >= height() && y1 >= height())) return;
    const double reach = std::max(std::abs(x1 - x0), std::abs(y1 - y0));
    const int steps = static_cast<int>(std::min(std::ceil(reach), 4.0 * (width() + height())));
    for (int i = 0; i <= steps; ++i) {
      const double t = steps == 0 ? 0 : static_cast<double>(i) / steps;
      const double y = y0 + t * (y1 - y0);
      if (y > -1 && y < height() + 1)
        dot(static_cast<int>(std::lround(x0 + t * (x1 - x0))), static_cast<int>(std::lround(y)), series);
    }
  }

  // A letter at the character of this dot, or the nearest before it that has none.
  void letter(int x, int y, int series, char letter) {
    if (y < 0 || y >= height()) return;
    for (int column = std::clamp(x / dots_across_, 0, columns_ - 1); column >= 0; --column) {
      Cell& cell = at(column, y / dots_down_);
      if (cell.letter != 0) continue;
      cell.letter = letter;
      cell.series = series;
      return;
    }
  }

  void level(int y) {
    if (y < 0 || y >= height()) return;
    for (int column = 0; column < columns_; ++column) at(column, y / dots_down_).level = true;
  }

  std::string row(int y, bool utf8, bool color) {
    std::string text;
    int painted = -1;
    const auto paint = [&](int series) {
      if (!color || series == painted) return;
      text += series < 0 ? "\x1b[0m" : fmt::format("\x1b[38;5;{}m", kTerminalColours[static_cast<size_t>(series) % 7]);
      painted = series;
    };
    for (int column = 0; column < columns_; ++column) {
      const Cell& cell = at(column, y);
      if (cell.letter != 0) {
        paint(cell.series);
        text += cell.letter;
      } else if (cell.dots != 0) {
        paint(cell.series);
        if (utf8)
          text += {'\xe2', static_cast<char>(0xa0 | (cell.dots >> 6)), static_cast<char>(0x80 | (cell.dots & 0x3f))};
        else text += '.';
      } else {
        paint(-1);
        text += cell.level ? (utf8 ? "\u2508" : "-") : " ";
      }
    }
    paint(-1);
    return text;
  }

 private:
  struct Cell {
    unsigned dots = 0;
    int series = -1;
    char letter = 0;
    bool level = false;
  };
  Cell& at(int column, int row) {
    return cells_[static_cast<size_t>(row) * static_cast<size_t>(columns_) + static_cast<size_t>(column)];
  }
  int columns_, rows_, dots_across_, dots_down_;
  std::vector<Cell> cells_;
};

void trim(std::string& line) { line.erase(line.find_last_not_of(' ') + 1); }

std::string legend_of(const figure::Chart& chart, const Screen& screen, int width, bool lettered) {
  std::string text;
  for (size_t i = 0; i < chart.series.size(); ++i) {
    const figure::Series& s = chart.series[i];
    if (s.name.empty() || s.rule) continue;
    std::string name = printable(s.name);
    if (display_width(name) > width - 4) name = name.substr(0, static_cast<size_t>(width - 4));
    std::string mark = lettered || s.marks ? std::string(1, letter_of(i)) : " ";
    if (screen.color)
      mark =
          fmt::format("\x1b[38;5;{}m{}\x1b[0m", kTerminalColours[static_cast<size_t>(figure::colour_of(s, i))], mark);
    text += fmt::format("  {} {}\n", mark, name);
  }
  for (const figure::ReferenceLine& line : chart.lines)
    text += fmt::format("  {} {}\n", screen.utf8 ? "\u2508" : "-", printable(line.name));
  return text;
}

}  // namespace

std::string chart_text(const figure::Chart& chart, const Screen& screen, int rows) {
  const int width = std::clamp(screen.width(), kLeastChart, kMostChart);
  const figure::Scales scales = figure::scales_of(chart);
  const std::vector<figure::Tick> y_ticks = scales.y.ticks(std::max(2, rows / 3));
  int margin = 0;
  for (const figure::Tick& tick : y_ticks) margin = std::max(margin, display_width(tick.label));
  const int columns = width - margin - 3;
  DotField field(columns, rows, screen.utf8);
  const auto x_of = [&](double v) { return scales.x.at(v) * (field.width() - 1); };
  const auto y_of = [&](double v) { return (1 - scales.y.at(v)) * (field.height() - 1); };
  for (const figure::ReferenceLine& line : chart.lines)
    if (const double y = y_of(line.value); std::isfinite(y)) field.level(static_cast<int>(std::lround(y)));
  size_t curves = 0;
  for (const figure::Series& s : chart.series) curves += s.rule ? 0 : 1;
  for (size_t i = 0; i < chart.series.size(); ++i) {
    const figure::Series& s = chart.series[i];
    if (s.rule) continue;
    const int colour = figure::colour_of(s, i);
    double before_x = NAN, before_y = NAN;
    for (size_t k = 0; k < s.x.size(); ++k) {
      const double x = x_of(s.x[k]), y = y_of(s.y[k]);
      if (std::isfinite(x) && std::isfinite(y)) {
        if (s.marks) field.letter(static_cast<int>(x), static_cast<int>(std::lround(y)), colour, letter_of(i));
        else if (std::isfinite(before_x)) field.line(before_x, before_y, x, y, colour);
        else field.line(x, y, x, y, colour);
      }
      before_x = std::isfinite(y) ? x : NAN;
      before_y = y;
    }
  }
  for (size_t i = 0; i < chart.series.size() && curves > 1; ++i) {
    const figure::Series& s = chart.series[i];
    for (size_t k = s.x.size(); k-- > 0 && !s.marks && !s.rule;) {
      const double x = x_of(s.x[k]), y = y_of(s.y[k]);
      if (!std::isfinite(x) || !std::isfinite(y)) continue;
      field.letter(static_cast<int>(std::lround(x)), static_cast<int>(std::lround(y)), figure::colour_of(s, i),
                   letter_of(i));
      break;
    }
  }

  std::string text;
  if (!chart.title.empty()) text += printable(chart.title) + "\n";
  if (!chart.y.label.empty()) text += printable(chart.y.label) + "\n";
  for (int row = 0; row < rows; ++row) {
    std::string label;
    for (const figure::Tick& tick : y_ticks) {
      const double y = y_of(tick.value) / (field.height() - 1) * (rows - 1);
      if (std::lround(y) == row) label = tick.label;
    }
    std::string line =
        fmt::format("{:>{}} {}", label, margin, screen.utf8 ? (label.empty() ? "\u2502" : "\u2524") : "|") +
        field.row(row, screen.utf8, screen.color);
    trim(line);
    text += line + "\n";
  }
  std::string axis, numbers(static_cast<size_t>(width), ' ');
  std::vector<bool> marked(static_cast<size_t>(columns));
  int free_from = 0;
  for (const figure::Tick& tick : scales.x.ticks(std::max(2, columns / 12))) {
    const int column = static_cast<int>(std::lround(scales.x.at(tick.value) * (columns - 1)));
    const int length = display_width(tick.label);
    const int start = std::clamp(margin + 2 + column - length / 2, 0, width - length);
    if (start < free_from) continue;
    marked[static_cast<size_t>(std::clamp(column, 0, columns - 1))] = true;
    numbers.replace(static_cast<size_t>(start), static_cast<size_t>(length), tick.label);
    free_from = start + length + 1;
  }
  for (int column = 0; column < columns; ++column)
    axis += screen.utf8 ? (marked[static_cast<size_t>(column)] ? "\u252c" : "\u2500")
                        : (marked[static_cast<size_t>(column)] ? "+" : "-");
  text += std::string(static_cast<size_t>(margin + 1), ' ') + (screen.utf8 ? "\u2514" : "+") + axis + "\n";
  trim(numbers);
  text += numbers + "\n";
  if (!chart.x.label.empty()) {
    const int before = margin + 2 + std::max(0, (columns - display_width(chart.x.label)) / 2);
    text += std::string(static_cast<size_t>(before), ' ') + chart.x.label + "\n";
  }
  return text + legend_of(chart, screen, width, curves > 1);
}

std::string sparkline(const std::vector<double>& values, int width, const Screen& screen) {
  std::vector<double> last;
  for (const double v : values)
    if (std::isfinite(v)) last.push_back(v);
  if (!screen.utf8 || last.empty() || width < 1) return "";
  if (static_cast<int>(last.size()) > width) last.erase(last.begin(), last.end() - width);
  const auto [low, high] = std::minmax_element(last.begin(), last.end());
  const double range = *high - *low;
  std::string text;
  for (const double v : last) {
    const int level = range > 0 ? static_cast<int>(std::lround((v - *low) / range * 7)) : 0;
    text += {'\xe2', '\x96', static_cast<char>(0x81 + level)};
  }
  return text;
}

}  // namespace mlrun::cli
