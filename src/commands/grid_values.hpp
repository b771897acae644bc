// The values of one field in a sweep, as they are typed.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace mlrun {

// LOW..HIGH: between two numbers.
struct ValueRange {
  double low = 0, high = 0;
  bool log = false;    // evenly in the logarithm
  bool whole = false;  // both ends are written as whole numbers: so are all values between them

  std::string value_at(double place) const;  // 0: low, 1: high; to three digits where it is none of the ends
};

struct GridAxis {
  std::string key;                  // "optim.lr"
  std::vector<std::string> values;  // as they were typed: "1e-3", "[500,500]"
  std::vector<std::string> places;  // of the values, for messages: "argument 3"
  std::optional<ValueRange> range;  // to draw from, in place of values
};

// From words key=v1,v2. Commas inside brackets, braces or quotes belong to the value: model.hidden=500,[500,500] has
// two. A key that comes again adds values. A value of numbers may be a range:
//
//   1..5               1, 2, 3, 4, 5
//   100..500:5         five values from 100 to 500, evenly
//   1e-4..1e-2:log5    five values, evenly in the logarithm
//
// With `draws` a range alone is one to draw from: 1e-4..1e-2, or 1e-4..1e-2:log. Places count the words from
// `first_argument`. Error(kUsage): no key=value, an empty value, a value given twice, a range that is none.
std::vector<GridAxis> grid_axes(const std::vector<std::string>& words, int first_argument, bool draws = false);

}  // namespace mlrun
