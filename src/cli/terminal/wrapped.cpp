#include "cli/terminal/wrapped.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <vector>

#include "cli/terminal/terminal.hpp"
#include "cli/terminal/text_table.hpp"

namespace mlrun::cli {
namespace {

// Where each character of UTF-8 begins, and the end.
std::vector<size_t> characters_of(const std::string& text) {
  std::vector<size_t> begins;
  for (size_t i = 0; i < text.size(); ++i)
    if ((static_cast<unsigned char>(text[i]) & 0xc0) != 0x80) begins.push_back(i);
  begins.push_back(text.size());
  return begins;
}

constexpr int kLeastPart = 8;  // characters that a part of a path keeps

std::string elided_in_the_middle(const std::string& text, int width) {
  if (display_width(text) <= width) return text;
  const std::vector<size_t> begins = characters_of(text);
  const size_t kept = static_cast<size_t>(width) - 2, head = kept / 2;
  return text.substr(0, begins[head]) + ".." + text.substr(begins[begins.size() - 1 - (kept - head)]);
}

std::vector<std::string> parts_of_path(const std::string& path) {
  std::vector<std::string> parts(1);
  for (const char c : path) {
    if (c == '/') parts.emplace_back();
    else parts.back() += c;
  }
  return parts;
}

}  // namespace

std::string elided(const std::string& text, int width) {
  width = std::max(width, 5);
  const std::vector<std::string> parts = parts_of_path(text);
  std::vector<int> widths;
  for (const std::string& part : parts) widths.push_back(display_width(part));
  for (int excess = display_width(text) - width; excess > 0; --excess) {
    const auto longest = std::max_element(widths.begin(), widths.end());
    if (*longest <= kLeastPart) break;
    --*longest;
  }
  std::string path;
  for (size_t i = 0; i < parts.size(); ++i) path += (i ? "/" : "") + elided_in_the_middle(parts[i], widths[i]);
  return elided_in_the_middle(path, width);  // many parts, or a short line
}

std::string wrapped(const std::string& text, int width, int indent, int begins_at) {
  const int longest = std::max(width - indent, 10);
  std::string out;
  int column = begins_at;
  bool first = true;  // of its line
  for (size_t begin = 0; begin < text.size();) {
    const size_t word = std::min(text.find_first_not_of(' ', begin), text.size());
    const size_t end = std::min(text.find(' ', word), text.size());
    const std::string shown = elided(text.substr(word, end - word), longest);
    const int blanks = static_cast<int>(word - begin), wide = display_width(shown);
    if (!first && column + blanks + wide > width) {
      out += "\n" + std::string(static_cast<size_t>(indent), ' ') + shown;
      column = indent + wide;
    } else {
      out += text.substr(begin, word - begin) + shown;
      column += blanks + wide;
    }
    first = false;
    begin = end;
  }
  return out;
}

void print_wrapped(const std::string& text) {
  if (!is_terminal(STDOUT_FILENO)) return fmt::print("{}\n", text);
  const size_t blanks = std::min(text.find_first_not_of(' '), text.size());
  fmt::print("{}\n", wrapped(text, terminal_width(STDOUT_FILENO), static_cast<int>(blanks) + 2, 0));
}

}  // namespace mlrun::cli
