#include "config/source_text.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "config/unicode.hpp"

namespace mlrun::config {
namespace {

// Brackets and commas outside comment lines. yaml-cpp scans a whole flow value before it hands over the first token, so
// the cap on nodes alone would come too late to save memory.
constexpr size_t kMaxFlowSigns = 60000;

std::string plain_lines(std::string_view text) {
  if (text.substr(0, 3) == "\xEF\xBB\xBF") text.remove_prefix(3);
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i)
    if (!(text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n')) out += text[i];
  return out;
}

bool starts_with_marker(std::string_view line, std::string_view marker) {
  return line.substr(0, 3) == marker && (line.size() == 3 || line[3] == ' ' || line[3] == '\t');
}

}  // namespace

SourceText::SourceText(std::string file, const std::string& text) : text_(plain_lines(text)), line_starts_{0} {
  place_.file = std::move(file);
  for (size_t i = 0; i < text_.size(); ++i)
    if (text_[i] == '\n') line_starts_.push_back(i + 1);
}

SourceText::SourceText(const Origin& argument, const std::string& text) : SourceText(argument.file, text) {
  place_ = argument;
}

Origin SourceText::at(size_t byte) const {
  if (place_.argument > 0) return place_;
  const size_t last = text_.find_last_not_of(" \n");
  byte = std::min(byte, last == std::string::npos ? 0 : std::max(last + 1, byte < text_.size() ? byte : 0));
  const auto line = std::upper_bound(line_starts_.begin(), line_starts_.end(), byte) - 1;
  Origin place = place_;
  place.line = static_cast<int>(line - line_starts_.begin()) + 1;
  place.column = static_cast<int>(characters(std::string_view(text_).substr(*line, byte - *line))) + 1;
  return place;
}

size_t SourceText::line_end(size_t byte) const { return std::min(text_.find('\n', byte), text_.size()); }

std::optional<size_t> SourceText::unclosed_quote() const {
  bool opens = true;  // a value may begin here
  char quote = 0;
  size_t start = 0;
  for (size_t i = 0; i < text_.size(); ++i) {
    const char c = text_[i];
    if (c == '\n') {
      if (quote) return start;
      opens = true;
    } else if (quote) {
      if (quote == '"' && c == '\\' && i + 1 < text_.size() && text_[i + 1] != '\n') ++i;
      else if (quote == c) quote = 0;  // '' closes and opens again, which comes to the same
    } else if (c == '#' && (i == 0 || text_[i - 1] == ' ' || text_[i - 1] == '\n')) {
      i = line_end(i) - 1;
    } else if ((c == '"' || c == '\'') && (opens || (i > 0 && text_[i - 1] == c))) {
      quote = c;
      start = i;
      opens = false;
    } else if (c != ' ' && c != '\t') {
      const bool separated = i + 1 >= text_.size() || text_[i + 1] == ' ';
      opens = c == '[' || c == '{' || c == ',' || ((c == ':' || c == '-' || c == '?') && separated);
    }
  }
  if (quote) return start;
  return std::nullopt;
}

bool SourceText::check(Diagnostics& diagnostics) const {
  const auto refuse = [&](size_t byte, const std::string& message, const std::string& remedy = "") {
    diagnostics.add(at(byte), 1, message, remedy);
    return false;
  };
  if (text_.size() > kMaxBytes) {
    diagnostics.add(place_, 1, "larger than 1 MiB, which no spec is", "is it the right file?");
    return false;
  }
  for (size_t i = 0; i < text_.size(); ++i) {
    const unsigned char c = static_cast<unsigned char>(text_[i]);
    // Among them 0x04, which yaml-cpp takes for the end of the file.
    if ((c < 0x20 && c != '\n' && c != '\t') || c == 0x7F)
      return refuse(i, fmt::format("control character 0x{:02x}", c), "is it a text file?");
  }
  if (const std::optional<size_t> byte = first_invalid_utf8(text_)) {
    const unsigned char c = static_cast<unsigned char>(text_[*byte]);
    return refuse(*byte, fmt::format("byte 0x{:02x} is not UTF-8", c), "save the file as UTF-8");
  }
  bool content = false;
  size_t signs = 0;
  for (const size_t start : line_starts_) {
    const std::string_view line = std::string_view(text_).substr(start, line_end(start) - start);
    const size_t first = line.find_first_not_of(" \t");
    if (first == std::string_view::npos || line[first] == '#') continue;
    const size_t tab = line.substr(0, first).find('\t');
    if (tab != std::string_view::npos) return refuse(start + tab, "a tab in the indentation", "use spaces");
    if (line[0] == '%') return refuse(start, "YAML directives are not used in specs", "remove this line");
    if (starts_with_marker(line, "...") || (content && starts_with_marker(line, "---")))
      return refuse(start, "a spec is one document", "remove this line and what does not belong to the spec");
    content = true;
    for (const char c : line) signs += c == '[' || c == '{' || c == ',' || c == ']' || c == '}';
    if (signs > kMaxFlowSigns) return refuse(start, fmt::format("more than {} brackets and commas", kMaxFlowSigns));
  }
  return true;
}

}  // namespace mlrun::config
