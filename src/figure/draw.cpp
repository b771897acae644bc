#include "figure/draw.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "figure/palette.hpp"

namespace mlrun::figure {
namespace {

constexpr double kFont = 11, kSmall = 10, kTitle = 13;  // points
constexpr double kSample = 20;                          // of a line in the legend

// The part of a segment between two heights; false: none of it.
bool cut(Point& a, Point& b, double top, double bottom) {
  const auto bring = [&](Point& p, const Point& other, double y) {
    p = {p.x + (other.x - p.x) * (y - p.y) / (other.y - p.y), y};
  };
  if ((a.y < top && b.y < top) || (a.y > bottom && b.y > bottom)) return false;
  if (a.y < top) bring(a, b, top);
  if (b.y < top) bring(b, a, top);
  if (a.y > bottom) bring(a, b, bottom);
  if (b.y > bottom) bring(b, a, bottom);
  return true;
}

// Curves of very many points: of each pixel's column the first, least, greatest and last remain, which look the same.
std::vector<Point> thinned(std::vector<Point> points, double width) {
  if (static_cast<double>(points.size()) < 8 * width) return points;
  std::vector<Point> kept;
  for (size_t begin = 0; begin < points.size();) {
    const double column = std::floor(2 * points[begin].x);
    size_t end = begin, least = begin, greatest = begin;
    for (; end < points.size() && std::floor(2 * points[end].x) == column; ++end) {
      if (points[end].y < points[least].y) least = end;
      if (points[end].y > points[greatest].y) greatest = end;
    }
    std::vector<size_t> chosen = {begin, least, greatest, end - 1};
    std::sort(chosen.begin(), chosen.end());
    chosen.erase(std::unique(chosen.begin(), chosen.end()), chosen.end());
    for (const size_t i : chosen) kept.push_back(points[i]);
    begin = end;
  }
  return kept;
}

class Drawing {
 public:
  Drawing(const Chart& chart, Canvas& canvas, double width, double height)
      : chart_(chart), canvas_(canvas), width_(width), frame_{0, 0, width, height, scales_of(chart)} {
    plan_legend(height);
    x_room_ = chart.x.label.empty() ? 2 * kSmall : 3.5 * kSmall;
    frame_.top = chart.title.empty() ? 10 : 12 + 1.6 * kTitle;
    frame_.height = std::max(20.0, height - frame_.top - x_room_ - legend_height_ - 6);
    y_ticks_ = frame_.scales.y.ticks(std::max(2, static_cast<int>(frame_.height / 38)));
    double widest = 0;
    for (const Tick& tick : y_ticks_) widest = std::max(widest, canvas.text_width(tick.label, kSmall));
    frame_.left = 12 + widest + 6 + (chart.y.label.empty() ? 0 : 1.5 * kFont);
    frame_.width = std::max(20.0, width - frame_.left - 18);
    x_ticks_ = frame_.scales.x.ticks(std::max(2, static_cast<int>(frame_.width / 62)));
  }

  Frame run() {
    axes();
    // Bands below all lines, or one would hide another's curve.
    for (size_t i = 0; i < chart_.series.size(); ++i) band(chart_.series[i], i);
    reference_lines(false);
    for (size_t i = 0; i < chart_.series.size(); ++i) {
      if (!chart_.series[i].marks) curve(chart_.series[i], i);
    }
    for (size_t i = 0; i < chart_.series.size(); ++i) {
      if (chart_.series[i].marks) marks(chart_.series[i], i);
    }
    reference_lines(true);
    legend();
    return frame_;
  }

 private:
  Point place(double x, double y) const {
    return {frame_.left + frame_.width * frame_.scales.x.at(x),
            frame_.top + frame_.height * (1 - frame_.scales.y.at(y))};
  }
  double bottom() const { return frame_.top + frame_.height; }
  double right() const { return frame_.left + frame_.width; }

  Stroke stroke_of(const Series& s, size_t index) const {
    if (s.rule) return {{Ink::Role::kFrame}, 1, 2};
    return {{Ink::Role::kSeries, colour_of(s, index)}, 1.7, dash_of(index)};
  }

  void axes() {
    const Stroke grid{{Ink::Role::kGrid}, 0.7}, frame{{Ink::Role::kFrame}, 0.8};
    for (const Tick& tick : y_ticks_) {
      const double y = place(frame_.scales.x.low(), tick.value).y;
      const Point across[] = {{frame_.left, y}, {right(), y}};
      canvas_.line(across, grid);
      canvas_.text({frame_.left - 6, y + 0.35 * kSmall}, tick.label, {kSmall, Anchor::kEnd});
    }
    for (const Tick& tick : x_ticks_) {
      const double x = place(tick.value, frame_.scales.y.low()).x;
      const Point up[] = {{x, frame_.top}, {x, bottom()}};
      canvas_.line(up, grid);
      canvas_.text({x, bottom() + 1.45 * kSmall}, tick.label, {kSmall, Anchor::kMiddle});
    }
    const Point corner[] = {{frame_.left, frame_.top}, {frame_.left, bottom()}, {right(), bottom()}};
    canvas_.line(corner, frame);
    const double middle = frame_.left + frame_.width / 2;
    if (!chart_.x.label.empty())
      canvas_.text({middle, bottom() + 2.9 * kSmall}, chart_.x.label, {kFont, Anchor::kMiddle});
    if (!chart_.y.label.empty())
      canvas_.text({1.2 * kFont, frame_.top + frame_.height / 2}, chart_.y.label, {kFont, Anchor::kMiddle, true});
    if (!chart_.title.empty())
      canvas_.text({frame_.left, 8 + kTitle}, chart_.title, {kTitle, Anchor::kStart, false, true});
  }

  void band(const Series& s, size_t index) {
    if (s.low.empty()) return;
    std::vector<Point> there, back;
    const auto close = [&] {
      there.insert(there.end(), back.rbegin(), back.rend());
      if (there.size() >= 4) canvas_.area(there, {Ink::Role::kSeries, colour_of(s, index), 0.18});
      there.clear();
      back.clear();
    };
    for (size_t i = 0; i < s.x.size(); ++i) {
      const Point low = place(s.x[i], s.low[i]), high = place(s.x[i], s.high[i]);
      if (std::isnan(low.y) || std::isnan(high.y) || std::isnan(low.x)) {
        close();
        continue;
      }
      there.push_back({high.x, std::clamp(high.y, frame_.top, bottom())});
      back.push_back({low.x, std::clamp(low.y, frame_.top, bottom())});
    }
    close();
  }

  // The line through all points that there are, cut at the frame.
  void path(const std::vector<double>& xs, const std::vector<double>& ys, const Stroke& stroke) {
    std::vector<Point> whole, piece;
    const auto flush = [&] {
      if (piece.size() > 1) canvas_.line(piece, stroke);
      piece.clear();
    };
    const auto run = [&] {
      whole = thinned(std::move(whole), frame_.width);
      if (whole.size() == 1 && whole[0].y >= frame_.top && whole[0].y <= bottom())
        canvas_.dot(whole[0], 1.3 * stroke.width, stroke.ink);  // alone, it would be no line
      for (size_t i = 0; i + 1 < whole.size(); ++i) {
        Point a = whole[i], b = whole[i + 1];
        if (!cut(a, b, frame_.top, bottom())) {
          flush();
          continue;
        }
        if (piece.empty() || piece.back().x != a.x || piece.back().y != a.y) {
          flush();
          piece.push_back(a);
        }
        piece.push_back(b);
      }
      flush();
      whole.clear();
    };
    for (size_t i = 0; i < xs.size(); ++i) {
      const Point p = place(xs[i], ys[i]);
      if (std::isfinite(p.x) && std::isfinite(p.y)) whole.push_back(p);
      else run();
    }
    run();
  }

  void curve(const Series& s, size_t index) {
    Stroke stroke = stroke_of(s, index);
    if (!s.faint.empty()) {
      Stroke faint = stroke;
      faint.ink.opacity = 0.3;
      faint.width = 1;
      path(s.x, s.faint, faint);
    }
    path(s.x, s.y, stroke);
  }

  // Shapes differ as colours do.
  void mark(Point p, int colour) {
    const Ink ink{Ink::Role::kSeries, colour};
    const double r = 3.4;
    const Point square[] = {{p.x - r, p.y - r}, {p.x + r, p.y - r}, {p.x + r, p.y + r}, {p.x - r, p.y + r}};
    const Point diamond[] = {{p.x, p.y - 1.4 * r}, {p.x + 1.4 * r, p.y}, {p.x, p.y + 1.4 * r}, {p.x - 1.4 * r, p.y}};
    const Point up[] = {{p.x - 1.2 * r, p.y + r}, {p.x, p.y - 1.3 * r}, {p.x + 1.2 * r, p.y + r}};
    const Point down[] = {{p.x - 1.2 * r, p.y - r}, {p.x, p.y + 1.3 * r}, {p.x + 1.2 * r, p.y - r}};
    switch (colour % 5) {
      case 1:
        return canvas_.area(square, ink);
      case 2:
        return canvas_.area(up, ink);
      case 3:
        return canvas_.area(diamond, ink);
      case 4:
        return canvas_.area(down, ink);
      default:
        return canvas_.dot(p, r, ink);
    }
  }

  void marks(const Series& s, size_t index) {
    for (size_t i = 0; i < s.x.size(); ++i) {
      const Point p = place(s.x[i], s.y[i]);
      if (!std::isfinite(p.x) || !std::isfinite(p.y) || p.y < frame_.top || p.y > bottom()) continue;
      mark(p, colour_of(s, index));
      if (s.labels.empty() || s.labels[i].empty()) continue;
      const double size = 0.9 * kSmall;
      const bool left = p.x + 6 + canvas_.text_width(s.labels[i], size) > right();
      canvas_.text({p.x + (left ? -6 : 6), p.y - 4}, s.labels[i],
                   {size, left ? Anchor::kEnd : Anchor::kStart, false, false, true});
    }
  }

  // The lines below the curves, their names above their right ends and over the curves. Names that would meet stand
  // side by side.
  void reference_lines(bool names) {
    std::vector<ReferenceLine> lines = chart_.lines;
    std::sort(lines.begin(), lines.end(), [](const auto& a, const auto& b) { return a.value > b.value; });
    double last_y = -1e9, end = right();
    for (const ReferenceLine& line : lines) {
      const double y = place(frame_.scales.x.low(), line.value).y;
      if (std::isnan(y) || y < frame_.top - 0.5 || y > bottom() + 0.5) continue;
      if (names) {
        if (y - last_y > 1.1 * kSmall) end = right();
        canvas_.text({end, y - 3}, line.name, {0.9 * kSmall, Anchor::kEnd, false, false, true});
      } else {
        const Point across[] = {{frame_.left, y}, {right(), y}};
        canvas_.line(across, {{Ink::Role::kText, 0, 0.75}, 1, 1});
      }
      end -= canvas_.text_width(line.name, 0.9 * kSmall) + 10;
      last_y = y;
    }
  }

  struct Entry {
    Point at;
    size_t series;
    std::string text;
  };

  // Entries flow in rows below the axes.
  void plan_legend(double height) {
    const double line = 1.45 * kSmall, most = height / 3;
    double x = 14, y = 0;
    size_t named = 0, total = 0;
    for (const Series& s : chart_.series) total += s.name.empty() ? 0 : 1;
    for (size_t i = 0; i < chart_.series.size(); ++i) {
      const Series& s = chart_.series[i];
      if (s.name.empty()) continue;
      std::string text = s.name;
      double wide = kSample + 6 + canvas_.text_width(text, kSmall) + 16;
      if (x > 14 && x + wide > width_) {
        x = 14;
        y += line;
      }
      if (y + 2 * line > most && named + 1 < total) {
        entries_.push_back({{x, y}, chart_.series.size(), fmt::format("and {} more", total - named)});
        break;
      }
      entries_.push_back({{x, y}, i, text});
      x += wide;
      ++named;
    }
    legend_height_ = entries_.empty() ? 0 : y + line + 6;
  }

  void legend() {
    const double top = bottom() + x_room_ + 1.3 * kSmall;
    for (const Entry& entry : entries_) {
      const double x = entry.at.x, y = top + entry.at.y;
      double text = x;
      if (entry.series < chart_.series.size()) {
        const Series& s = chart_.series[entry.series];
        const Point sample[] = {{x, y - 0.35 * kSmall}, {x + kSample, y - 0.35 * kSmall}};
        if (s.marks) mark({x + kSample / 2, y - 0.35 * kSmall}, colour_of(s, entry.series));
        else canvas_.line(sample, stroke_of(s, entry.series));
        text += kSample + 6;
      }
      canvas_.text({text, y}, entry.text, {kSmall});
    }
  }

  const Chart& chart_;
  Canvas& canvas_;
  double width_;
  Frame frame_;
  std::vector<Tick> x_ticks_, y_ticks_;
  std::vector<Entry> entries_;
  double legend_height_ = 0, x_room_ = 0;  // below the frame: of the legend, and of numbers and label
};

}  // namespace

int colour_of(const Series& series, size_t index) {
  return (series.colour >= 0 ? series.colour : static_cast<int>(index)) % static_cast<int>(kPalette.size());
}

int dash_of(size_t index) { return static_cast<int>(index / kPalette.size()) % 4; }

Frame draw(const Chart& chart, Canvas& canvas, double width, double height) {
  return Drawing(chart, canvas, width, height).run();
}

}  // namespace mlrun::figure
