#include "base/newer_version.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "base/number.hpp"
#include "base/printable.hpp"
#include "base/version.hpp"

namespace mlrun {
namespace {

// "0.10.2" -> {0, 10, 2}; what is no number ends it.
std::vector<int64_t> numbers_of(const std::string& version) {
  std::vector<int64_t> numbers;
  for (size_t begin = 0; begin < version.size();) {
    const size_t dot = std::min(version.find('.', begin), version.size());
    const auto number = parse_integer(version.substr(begin, dot - begin));
    if (!number) break;
    numbers.push_back(*number);
    begin = dot + 1;
  }
  return numbers;
}

}  // namespace

bool is_newer_version(const std::string& version) { return numbers_of(version) > numbers_of(kVersion); }

std::string newer_version_words(const std::string& version) {
  return fmt::format("written by mlrun {}, and this is {}, which is older", printable(version), kVersion);
}

}  // namespace mlrun
