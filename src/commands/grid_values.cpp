#include "commands/grid_values.hpp"

#include <algorithm>
#include <cmath>

#include "base/error.hpp"
#include "base/number.hpp"

namespace mlrun {
namespace {

constexpr int64_t kMostValues = 1000;  // of one range

// At the commas that stand outside brackets, braces and quotes.
std::vector<std::string> split_values(const std::string& text) {
  std::vector<std::string> values(1);
  int depth = 0;
  char quote = 0;
  for (const char c : text) {
    if (quote) {
      if (c == quote) quote = 0;
    } else if ((c == '"' || c == '\'') && (values.back().empty() || depth > 0)) {
      quote = c;
    } else if (c == '[' || c == '{') {
      ++depth;
    } else if ((c == ']' || c == '}') && depth > 0) {
      --depth;
    } else if (c == ',' && depth == 0) {
      values.emplace_back();
      continue;
    }
    values.back() += c;
  }
  return values;
}

void add_value(GridAxis& axis, const std::string& value, const std::string& place) {
  if (value.empty()) fail(ExitCode::kUsage, "{}: '{}' has an empty value between its commas", place, axis.key);
  if (std::find(axis.values.begin(), axis.values.end(), value) != axis.values.end()) {
    fail(ExitCode::kUsage,
         "{}: '{}={}' is given twice, which would be the same run twice\n"
         "  one value that is a list   {}=[{},{}]",
         place, axis.key, value, axis.key, value, value);
  }
  axis.values.push_back(value);
  axis.places.push_back(place);
}

bool is_whole(const std::string& text) { return text.find_first_not_of("+-0123456789_") == std::string::npos; }

struct RangeWord {
  ValueRange range;
  std::optional<int64_t> count;  // of the values to take of it
};

// LOW..HIGH, LOW..HIGH:N, LOW..HIGH:log or LOW..HIGH:logN; nothing where the word is another value.
std::optional<RangeWord> range_word(const std::string& word, const std::string& key, const std::string& place) {
  const size_t dots = word.find(".."), colon = word.find(':');
  if (dots == std::string::npos || dots == 0) return std::nullopt;
  const std::string low = word.substr(0, dots),
                    high = word.substr(dots + 2, colon == std::string::npos ? colon : colon - dots - 2);
  const auto first = parse_real(low), last = parse_real(high);
  if (!first) return std::nullopt;  // a path, perhaps
  const auto refuse = [&](const std::string& why) {
    fail(ExitCode::kUsage,
         "{}: '{}={}' is no range: {}\n"
         "  expected   LOW..HIGH of whole numbers, LOW..HIGH:N or LOW..HIGH:logN; with --random LOW..HIGH or "
         "LOW..HIGH:log",
         place, key, word, why);
  };
  if (!last) refuse(fmt::format("'{}' is no number", high));
  RangeWord found{{*first, *last, false, is_whole(low) && is_whole(high)}, std::nullopt};
  if (colon != std::string::npos) {
    std::string count = word.substr(colon + 1);
    found.range.log = count.starts_with("log");
    if (found.range.log) count.erase(0, 3);
    if (!count.empty()) found.count = parse_integer(count);
    if ((!count.empty() && (!found.count || *found.count < 2 || *found.count > kMostValues)) ||
        (count.empty() && !found.range.log))
      refuse(fmt::format("'{}' is no number of values from 2 to {}", count, kMostValues));
  }
  if (!(*first < *last)) refuse(fmt::format("{} is not below {}", low, high));
  if (found.range.log && *first <= 0) refuse("a logarithm begins above 0");
  return found;
}

void add_range(GridAxis& axis, const RangeWord& word, const std::string& text, const std::string& place) {
  const ValueRange& range = word.range;
  if (word.count) {
    for (int64_t i = 0; i < *word.count; ++i)
      add_value(axis, range.value_at(static_cast<double>(i) / static_cast<double>(*word.count - 1)), place);
    return;
  }
  if (!range.whole || range.log || range.high - range.low >= static_cast<double>(kMostValues)) {
    fail(ExitCode::kUsage,
         "{}: '{}={}' does not say how many values\n"
         "  five of them             {}={}:5\n"
         "  evenly in the logarithm  {}={}:log5\n"
         "  drawn at random          --random 20",
         place, axis.key, text, axis.key, text.substr(0, text.find(':')), axis.key, text.substr(0, text.find(':')));
  }
  for (double v = range.low; v <= range.high; ++v) add_value(axis, print_number(static_cast<int64_t>(v)), place);
}

}  // namespace

std::string ValueRange::value_at(double place) const {
  const double value = log ? low * std::pow(high / low, place) : low + place * (high - low);
  if (whole) return print_number(static_cast<int64_t>(std::llround(value)));
  if (place <= 0) return print_number(low);
  if (place >= 1) return print_number(high);
  return print_number(*parse_real(fmt::format("{:.3g}", value)));
}

std::vector<GridAxis> grid_axes(const std::vector<std::string>& words, int first_argument, bool draws) {
  std::vector<GridAxis> axes;
  for (size_t i = 0; i < words.size(); ++i) {
    const std::string place = fmt::format("argument {}", first_argument + static_cast<int>(i));
    const size_t equals = words[i].find('=');
    if (equals == std::string::npos || equals == 0) {
      fail(ExitCode::kUsage, "{}: expected key=value,value..., such as optim.lr=1e-3,3e-4; found '{}'", place,
           words[i]);
    }
    const std::string key = words[i].substr(0, equals);
    auto axis = std::find_if(axes.begin(), axes.end(), [&](const GridAxis& a) { return a.key == key; });
    if (axis == axes.end()) axis = axes.insert(axes.end(), GridAxis{key, {}, {}, {}});
    const std::vector<std::string> values = split_values(words[i].substr(equals + 1));
    for (size_t v = 0; v < values.size(); ++v) {
      const std::string here = v == 0 ? place : fmt::format("{}, value {}", place, v + 1);
      const auto range = range_word(values[v], key, here);
      if (range && draws && !range->count) {
        if (axis->range || values.size() > 1 || !axis->values.empty())
          fail(ExitCode::kUsage, "{}: '{}' has a range to draw from, and other values besides", here, key);
        axis->range = range->range;
        axis->places.push_back(here);
      } else if (range) {
        add_range(*axis, *range, values[v], here);
      } else {
        add_value(*axis, values[v], here);
      }
    }
    if (axis->range && !axis->values.empty())
      fail(ExitCode::kUsage, "{}: '{}' has a range to draw from, and other values besides", place, key);
  }
  return axes;
}

}  // namespace mlrun
