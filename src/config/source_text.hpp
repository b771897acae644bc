// The bytes of a spec before YAML sees them: what no spec needs and a YAML parser may stumble over is refused here.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/diagnostics.hpp"
#include "config/origin.hpp"

namespace mlrun::config {

constexpr size_t kMaxBytes = size_t{1} << 20;

class SourceText {
 public:
  // For a file, or for the value of an argument (then every place in it is the argument's).
  SourceText(std::string file, const std::string& text);
  SourceText(const Origin& argument, const std::string& text);

  const std::string& text() const { return text_; }
  Origin at(size_t byte) const;        // the place of a byte; past the end: the end of the last line with text
  size_t line_end(size_t byte) const;  // the end of the line the byte is in
  std::optional<size_t> unclosed_quote() const;  // where a quoted value opens that does not close on its line
  // Records the first mistake and returns false: more than 1 MiB, NUL and other control characters, invalid UTF-8, tabs
  // before a line's text, directives, several documents.
  bool check(Diagnostics& diagnostics) const;

 private:
  std::string text_;  // without byte order mark, lines end in \n
  Origin place_;
  std::vector<size_t> line_starts_;
};

}  // namespace mlrun::config
