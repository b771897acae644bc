// The syntax that regular expressions and grammars share: characters, escapes, classes of characters, and the counts that
// may stand behind a part.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "constraints/code_set.hpp"

namespace mlrun::constraints {

// Reads the code that begins at text[at], and moves `at` behind it: a byte, or a code point of UTF-8 (of a malformed one
// the first byte).
int64_t next_code(std::string_view text, size_t& at, bool bytes);
std::string text_of(int64_t code);  // UTF-8

// A text that is being parsed, the place that the parser has reached, and messages that name a place: fail_at throws
// Error(kUsage).
class Scanner {
 public:
  // `name`: "--match", or a file. Messages of a file name the line.
  Scanner(std::string_view text, std::string name, bool is_file, bool bytes)
      : text_(text), name_(std::move(name)), is_file_(is_file), bytes_(bytes) {}
  bool done() const { return at_ >= text_.size(); }
  char peek(size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }
  bool starts_with(std::string_view what) const { return text_.substr(at_).starts_with(what); }
  bool take(std::string_view what);
  int64_t take_code() { return next_code(text_, at_, bytes_); }
  std::string_view rest() const { return text_.substr(at_); }
  size_t at() const { return at_; }
  void go_to(size_t at) { at_ = at; }
  bool bytes() const { return bytes_; }
  // Called where a group begins and where it ends. Error(kUsage) where groups are nested deeper than a recursive parser
  // may go.
  void enter() {
    if (++depth_ > 1000) fail_here("groups a thousand deep");
  }
  void leave() { --depth_; }
  // "NAME:LINE: what" or "NAME: what at character N", then a remedy on a line of its own where there is one.
  [[noreturn]] void fail_at(size_t at, const std::string& what, const std::string& remedy = "") const;
  [[noreturn]] void fail_here(const std::string& what, const std::string& remedy = "") const {
    fail_at(at_, what, remedy);
  }

 private:
  std::string_view text_;
  std::string name_;
  bool is_file_, bytes_;
  size_t at_ = 0;
  int depth_ = 0;
};

// The escape whose backslash has been taken: \n \r \t \f \v \0 \xHH \uHHHH, the classes \d \w \s and their
// opposites, and any character that is no letter or digit as itself.
CodeSet take_escape(Scanner& s);
// The class of characters whose [ has been taken, with its ].
CodeSet take_class(Scanner& s);

struct Count {
  int64_t least = 1, most = 1;  // how often a part comes; most -1: any number of times
};
// Takes a count ? * + {m} {m,} {m,n}; false where none is next.
bool take_count(Scanner& s, Count& count);

}  // namespace mlrun::constraints
