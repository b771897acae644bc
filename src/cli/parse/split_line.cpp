#include "cli/parse/split_line.hpp"

namespace mlrun::cli {

SplitLine split_line(const std::string& line) {
  SplitLine split;
  split.words.emplace_back();
  bool in_word = false;
  char quote = 0;
  for (size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    std::string& word = split.words.back();
    if (quote == '\'' || (quote == '"' && c != '\\')) {
      if (c == quote) quote = 0;
      else word += c;
    } else if (c == '\\') {
      in_word = true;
      if (i + 1 < line.size()) word += line[++i];
    } else if (c == '\'' || c == '"') {
      in_word = true;
      quote = c;
      split.quote_start = word.size();
    } else if (c == ' ' || c == '\t') {
      if (in_word) split.words.emplace_back();
      in_word = false;
    } else {
      in_word = true;
      word += c;
    }
  }
  split.quoted = quote != 0;
  return split;
}

}  // namespace mlrun::cli
