#include "commands/grid.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <map>

#include "base/error.hpp"
#include "config/document.hpp"
#include "experiment/experiment.hpp"
#include "io/sha256.hpp"

namespace mlrun {
namespace {

constexpr size_t kMostCombinations = 100'000;

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

}  // namespace

std::vector<GridAxis> grid_axes(const std::vector<std::string>& words, int first_argument) {
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
    if (axis == axes.end()) axis = axes.insert(axes.end(), GridAxis{key, {}, {}});
    const std::vector<std::string> values = split_values(words[i].substr(equals + 1));
    for (size_t v = 0; v < values.size(); ++v)
      add_value(*axis, values[v], v == 0 ? place : fmt::format("{}, value {}", place, v + 1));
  }
  return axes;
}

std::vector<std::vector<std::string>> checked_combinations(const std::string& spec, const std::vector<GridAxis>& axes,
                                                           const std::vector<std::string>& fixed) {
  size_t total = 1;
  for (const GridAxis& axis : axes) {
    total *= axis.values.size();
    if (total > kMostCombinations)
      fail(ExitCode::kUsage, "more than {} combinations; make the grid smaller", kMostCombinations);
  }
  std::vector<std::vector<std::string>> combinations;
  const config::Diagnostics diagnostics;  // of all, so that a mistake that many combinations share is told once
  std::map<std::string, size_t> seen;     // digest of the resolved spec -> combination: 1e-3 and 0.001 are one value
  std::string twice;
  for (size_t index = 0; index < total; ++index) {
    std::vector<std::string> overrides, places;
    size_t rest = index, stride = total;
    for (const GridAxis& axis : axes) {
      stride /= axis.values.size();
      const size_t choice = rest / stride;
      rest %= stride;
      overrides.push_back(axis.key + "=" + axis.values[choice]);
      places.push_back(axis.places[choice]);
    }
    combinations.push_back(overrides);
    overrides.insert(overrides.end(), fixed.begin(), fixed.end());
    for (const std::string& text : fixed) places.push_back("--" + text.substr(0, text.find('=')));
    const config::Document document = config::Document::load(spec, overrides, diagnostics, places);
    const ExperimentSpec checked(document.root());
    document.root().finish();
    if (diagnostics.count() > 0) continue;
    const auto [first, is_new] =
        seen.emplace(io::sha256_hex(config::canonical_text(resolved_fields(document, checked))), index);
    if (!is_new && twice.empty())
      twice = fmt::format("'{}' and '{}' are the same run", fmt::join(combinations[first->second], " "),
                          fmt::join(combinations[index], " "));
  }
  diagnostics.throw_if_any();
  if (!twice.empty()) fail(ExitCode::kUsage, "{}; leave out one", twice);
  return combinations;
}

}  // namespace mlrun
