// Something to draw on, in points from the upper left corner: an image, a page, a part of a web page.
#pragma once

#include <span>
#include <string>

namespace mlrun::figure {

struct Point {
  double x, y;
};

// What a stroke means. A canvas knows its colours: on paper, or in the light or dark of a web page.
struct Ink {
  enum class Role { kText, kFrame, kGrid, kSeries };
  Role role = Role::kText;
  int series = 0;  // of kSeries: the colour of the palette
  double opacity = 1;
};

struct Stroke {
  Ink ink;
  double width = 1;
  int dash = 0;  // 0: a whole line; 1, 2, 3: ever shorter dashes
};

enum class Anchor { kStart, kMiddle, kEnd };

struct TextStyle {
  double size = 10;
  Anchor anchor = Anchor::kStart;
  bool upwards = false;  // turned by a quarter, read from below
  bool bold = false;
  bool halo = false;  // with a rim in the colour of the ground, where it stands on curves
};

class Canvas {
 public:
  virtual ~Canvas() = default;
  virtual void line(std::span<const Point> points, const Stroke& stroke) = 0;
  virtual void area(std::span<const Point> outline, const Ink& ink) = 0;
  virtual void dot(Point centre, double radius, const Ink& ink) = 0;
  // `at`: the start, the middle or the end of the base line.
  virtual void text(Point at, const std::string& text, const TextStyle& style) = 0;
  virtual double text_width(const std::string& text, double size) const = 0;
};

}  // namespace mlrun::figure
