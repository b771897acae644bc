#include "constraints/characters.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstddef>

#include "base/error.hpp"

namespace mlrun::constraints {
namespace {

constexpr int64_t kMostCount = 100'000;

CodeSet digits() { return {'0', '9'}; }
CodeSet word() {
  CodeSet set = digits();
  set.add('a', 'z');
  set.add('A', 'Z');
  set.add('_', '_');
  return set;
}
CodeSet blanks() {
  CodeSet set{' ', ' '};
  set.add('\t', '\r');
  return set;
}

int64_t take_hex(Scanner& s, int digits) {
  int64_t code = 0;
  for (int i = 0; i < digits; ++i) {
    const char c = s.peek();
    if (std::isxdigit(static_cast<unsigned char>(c)) == 0)
      s.fail_here(fmt::format("{} hexadecimal digits were expected", digits));
    code = 16 * code + (c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
    s.take(std::string_view(&c, 1));
  }
  return code;
}

int64_t take_number(Scanner& s) {
  const size_t begin = s.at();
  int64_t n = 0;
  while (std::isdigit(static_cast<unsigned char>(s.peek())) != 0) {
    n = 10 * n + (s.peek() - '0');
    if (n > kMostCount) s.fail_at(begin, fmt::format("a count above {}", kMostCount));
    s.go_to(s.at() + 1);
  }
  if (s.at() == begin) s.fail_here("a number was expected");
  return n;
}

}  // namespace

int64_t next_code(std::string_view text, size_t& at, bool bytes) {
  const auto byte = [&](size_t i) { return static_cast<int64_t>(static_cast<unsigned char>(text[i])); };
  const int64_t first = byte(at++);
  if (bytes || first < 0xC2 || first > 0xF4) return first;
  const size_t more = first < 0xE0 ? 1 : first < 0xF0 ? 2 : 3;
  if (at + more > text.size()) return first;
  int64_t code = first & (0x3F >> more);
  for (size_t i = 0; i < more; ++i) {
    if ((byte(at + i) & 0xC0) != 0x80) return first;
    code = code << 6 | (byte(at + i) & 0x3F);
  }
  at += more;
  return code;
}

std::string text_of(int64_t code) {
  std::string text;
  const auto put = [&](int64_t byte) { text.push_back(static_cast<char>(byte)); };
  if (code < 0x80) put(code);
  else if (code < 0x800) put(0xC0 | code >> 6), put(0x80 | (code & 0x3F));
  else if (code < 0x10000) put(0xE0 | code >> 12), put(0x80 | (code >> 6 & 0x3F)), put(0x80 | (code & 0x3F));
  else
    put(0xF0 | code >> 18), put(0x80 | (code >> 12 & 0x3F)), put(0x80 | (code >> 6 & 0x3F)), put(0x80 | (code & 0x3F));
  return text;
}

bool Scanner::take(std::string_view what) {
  if (!starts_with(what)) return false;
  at_ += what.size();
  return true;
}

void Scanner::fail_at(size_t at, const std::string& what, const std::string& remedy) const {
  const std::string tail = remedy.empty() ? "" : "\n  " + remedy;
  if (is_file_) {
    const auto line =
        1 + std::count(text_.begin(), text_.begin() + static_cast<std::ptrdiff_t>(std::min(at, text_.size())), '\n');
    fail(ExitCode::kUsage, "{}:{}: {}{}", name_, line, what, tail);
  }
  fail(ExitCode::kUsage, "{}: at character {} of '{}': {}{}", name_, at + 1, text_, what, tail);
}

CodeSet take_escape(Scanner& s) {
  const size_t begin = s.at();
  if (s.done()) s.fail_here("a backslash with nothing behind it", "a backslash itself   \\\\");
  const int64_t c = s.take_code();
  const auto is = [](int64_t code) { return CodeSet(code, code); };
  switch (c) {
    case 'n':
      return is('\n');
    case 'r':
      return is('\r');
    case 't':
      return is('\t');
    case 'f':
      return is('\f');
    case 'v':
      return is('\v');
    case '0':
      return is(0);
    case 'x': {
      const int64_t code = take_hex(s, 2);
      return is(code);
    }
    case 'u': {
      const int64_t code = take_hex(s, 4);
      return is(code);
    }
    case 'd':
      return digits();
    case 'D':
      return digits().inverted();
    case 'w':
      return word();
    case 'W':
      return word().inverted();
    case 's':
      return blanks();
    case 'S':
      return blanks().inverted();
    default:
      break;
  }
  if (c < 128 && std::isalnum(static_cast<int>(c)) != 0) {
    s.fail_at(begin - 1, fmt::format("\\{} is not supported", static_cast<char>(c)),
              "known   \\n \\r \\t \\f \\v \\0 \\xHH \\uHHHH, \\d \\w \\s \\D \\W \\S, and a backslash before any "
              "other sign");
  }
  return is(c);
}

CodeSet take_class(Scanner& s) {
  const size_t begin = s.at() - 1;
  const bool inverted = s.take("^");
  CodeSet set;
  bool several_inverted = false;
  CodeSet opposite;
  for (bool first = true; first || s.peek() != ']' || s.done(); first = false) {
    if (s.done()) s.fail_at(begin, "a class of characters without its end", "it ends with ]; a [ itself is   \\[");
    const size_t place = s.at();
    const bool escape = s.take("\\");
    const CodeSet one = escape ? take_escape(s) : [&] {
      const int64_t c = s.take_code();
      return CodeSet(c, c);
    }();
    if (s.peek() == '-' && s.peek(1) != ']' && s.peek(1) != '\0') {
      s.take("-");
      const CodeSet last = s.take("\\") ? take_escape(s) : [&] {
        const int64_t c = s.take_code();
        return CodeSet(c, c);
      }();
      const int64_t from = one.single(), upto = last.single();
      if (from < 0 || upto < from) s.fail_at(place, "a range of characters that is none", "such as   a-z");
      set.add(from, upto);
      continue;
    }
    if (one.is_inverted()) opposite = one, several_inverted = true;
    else set.add(one);
  }
  s.take("]");
  if (several_inverted) {
    if (!set.empty())
      s.fail_at(begin, "\\D, \\W or \\S beside other characters of a class", "as a choice   (?:\\D|[a-z])");
    set = opposite;
  }
  return inverted ? set.inverted() : set;
}

bool take_count(Scanner& s, Count& count) {
  const size_t begin = s.at();
  if (s.take("?")) count = {0, 1};
  else if (s.take("*")) count = {0, -1};
  else if (s.take("+")) count = {1, -1};
  else if (s.take("{")) {
    count.least = count.most = take_number(s);
    if (s.take(",")) count.most = s.peek() == '}' ? -1 : take_number(s);
    if (!s.take("}")) s.fail_at(begin, "a count without its end", "such as   {3} {3,} {3,5}; a { itself is   \\{");
    if (count.most >= 0 && count.most < count.least) s.fail_at(begin, "a count whose most is below its least");
  } else {
    return false;
  }
  return true;
}

}  // namespace mlrun::constraints
