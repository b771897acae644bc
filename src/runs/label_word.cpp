#include "runs/label_word.hpp"

#include <algorithm>

#include "base/error.hpp"

namespace mlrun {
namespace {

bool is_label_word(const std::string& word) {
  const bool good = std::none_of(word.begin(), word.end(), [](char c) {
    return static_cast<unsigned char>(c) <= ' ' || c == '@' || c == ',' || c == 0x7f;
  });
  return good && !word.empty() && word[0] != '-';
}

}  // namespace

void require_label_word(const char* what, const std::string& word, const std::string& place) {
  if (is_label_word(word)) return;
  fail(ExitCode::kUsage, "{}{}'{}' is no {}: one word without blanks, commas and @", place, place.empty() ? "" : ": ",
       word, what);
}

}  // namespace mlrun
