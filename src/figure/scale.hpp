// From values to a place on an axis, and the round numbers to write beside it.
#pragma once

#include <string>
#include <vector>

#include "figure/chart.hpp"

namespace mlrun::figure {

struct Tick {
  double value;
  std::string label;
};

class Scale {
 public:
  // low < high; with `log` both are above 0.
  Scale(double low, double high, bool log);

  double low() const { return low_; }
  double high() const { return high_; }
  bool log() const { return log_; }
  // 0 at `low` and 1 at `high`; below 0 or above 1 for values beyond these. NaN for NaN, and on a logarithmic axis for
  // values that are not above 0.
  double at(double value) const;
  // At most `most` (at least 2) round numbers between the ends: multiples of 1, 2 or 5 times a power of ten; on a
  // logarithmic axis powers of ten, and 2 and 5 times these where there is room.
  std::vector<Tick> ticks(int most) const;

 private:
  double low_, high_;
  bool log_;
};

// The scales of a chart: from the least to the greatest value and a little more. A curve's first tenth may leave the
// frame where it would take more than half of the height, as the first steps of a training do; `Axis::least` and
// `greatest` overrule that. Values that are not finite do not count. A chart without values has axes from 0 to 1.
struct Scales {
  Scale x, y;
};
Scales scales_of(const Chart& chart);

}  // namespace mlrun::figure
