// Curves over common axes, as data: what a chart shows, whatever it is drawn on.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace mlrun::figure {

struct Axis {
  std::string label;
  bool log = false;  // values that are not above 0 are left out
  // The ends of the axis; what is not given follows from the values.
  std::optional<double> least = {}, greatest = {};
};

struct Series {
  std::string name;          // in the legend; "": not there
  std::vector<double> x, y;  // equally many; NaN breaks the line
  // A band around the line, as many as x: a standard deviation over seeds, for instance. Empty: none.
  std::vector<double> low = {}, high = {};
  std::vector<double> faint = {};        // the values before they were smoothed, drawn faintly below; empty: none
  bool marks = false;                    // marks at the points instead of a line between them
  std::vector<std::string> labels = {};  // of the marks, beside them; empty: none
  int colour = -1;                       // of the palette; -1: the next one
  bool rule = false;                     // a line that guides the eye between marks: thin, in the colour of the text
};

// A level to compare with: a published number, a floor.
struct ReferenceLine {
  double value = 0;
  std::string name;
};

struct Chart {
  std::string title;
  Axis x, y;
  std::vector<Series> series;
  std::vector<ReferenceLine> lines;
};

}  // namespace mlrun::figure
