#include "config/yaml_writer.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace mlrun::config {
namespace {

bool is_plain(std::string_view text) {
  if (text.empty() || text.size() > 200) return false;
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  if (!letter(text[0]) && !digit(text[0]) && text[0] != '/' && text[0] != '.' && text[0] != '_') return false;
  if (text.substr(0, 3) == "...") return false;
  for (const std::string_view word :
       {"null", "Null", "NULL", "true", "false", "yes", "no", "on", "off", "y", "n", "default"})
    if (text == word) return false;
  return std::all_of(text.begin(), text.end(), [&](char c) {
    return letter(c) || digit(c) || c == '_' || c == '-' || c == '.' || c == '/' || c == '+';
  });
}

}  // namespace

std::string yaml_text(std::string_view text, std::string_view word) {
  if (is_plain(text) && (word.empty() || text != word)) return std::string(text);
  std::string out = "\"";
  for (const char c : text) {
    const unsigned char byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') out += '\\', out += c;
    else if (c == '\n') out += "\\n";
    else if (c == '\t') out += "\\t";
    else if (byte < 0x20 || byte == 0x7F) out += fmt::format("\\x{:02x}", byte);
    else out += c;
  }
  return out + "\"";
}

std::string yaml_choice(const std::string& name) { return name == "true" || name == "false" ? name : yaml_text(name); }

std::string yaml_list(const std::vector<std::string>& items) { return fmt::format("[{}]", fmt::join(items, ", ")); }

}  // namespace mlrun::config
