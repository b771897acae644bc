#include "cli/parse/number_list.hpp"

#include <algorithm>

#include "base/number.hpp"

namespace mlrun::cli {

std::optional<std::vector<int64_t>> number_list(const std::string& text) {
  constexpr int64_t kMost = 1'000'000;
  std::vector<int64_t> numbers;
  size_t begin = 0;
  do {
    const size_t end = std::min(text.find(',', begin), text.size());
    const std::string part = text.substr(begin, end - begin);
    const size_t dots = part.find("..");
    const auto first = parse_integer(part.substr(0, dots));
    const auto last = dots == std::string::npos ? first : parse_integer(part.substr(dots + 2));
    if (!first || !last || *first < 0 || *last < *first || *last >= kMost ||
        *last - *first >= kMost - static_cast<int64_t>(numbers.size()))
      return std::nullopt;
    for (int64_t i = *first; i <= *last; ++i) numbers.push_back(i);
    begin = end + 1;
  } while (begin <= text.size());
  return numbers;
}

}  // namespace mlrun::cli
