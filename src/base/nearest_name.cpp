#include "base/nearest_name.hpp"

#include <algorithm>
#include <cstdlib>

namespace mlrun {
namespace {

// Optimal string alignment: insertions, deletions, substitutions and swaps of neighbours cost 1.
int edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<int>> d(a.size() + 1, std::vector<int>(b.size() + 1));
  for (size_t i = 0; i <= a.size(); ++i) d[i][0] = static_cast<int>(i);
  for (size_t j = 0; j <= b.size(); ++j) d[0][j] = static_cast<int>(j);
  for (size_t i = 1; i <= a.size(); ++i) {
    for (size_t j = 1; j <= b.size(); ++j) {
      d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + (a[i - 1] != b[j - 1])});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
    }
  }
  return d[a.size()][b.size()];
}

}  // namespace

std::optional<std::string> nearest_name(std::string_view typed, const std::vector<std::string>& known) {
  typed = typed.substr(0, 64);
  const int limit = std::clamp(static_cast<int>(typed.size()) / 3, 1, 3);
  int best = limit + 1;
  std::optional<std::string> answer;
  for (const std::string& name : known) {
    const int gap = std::abs(static_cast<int>(name.size()) - static_cast<int>(typed.size()));
    if (gap >= best) continue;
    const int distance = edit_distance(typed, name);
    if (distance < best) {
      best = distance;
      answer = name;
    }
  }
  return answer;
}

}  // namespace mlrun
