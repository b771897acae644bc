#include "config/unicode.hpp"

namespace mlrun::config {
namespace {

unsigned byte_at(std::string_view text, size_t i) { return static_cast<unsigned char>(text[i]); }
bool continues(std::string_view text, size_t i) { return i < text.size() && (byte_at(text, i) & 0xC0) == 0x80; }

}  // namespace

std::optional<size_t> first_invalid_utf8(std::string_view text) {
  for (size_t i = 0; i < text.size();) {
    const unsigned lead = byte_at(text, i);
    size_t length = 1;
    unsigned code = lead, least = 0;
    if (lead >= 0xF0 && lead < 0xF8) length = 4, code = lead & 0x07, least = 0x10000;
    else if (lead >= 0xE0 && lead < 0xF0) length = 3, code = lead & 0x0F, least = 0x800;
    else if (lead >= 0xC0 && lead < 0xE0) length = 2, code = lead & 0x1F, least = 0x80;
    else if (lead >= 0x80) return i;
    for (size_t k = 1; k < length; ++k) {
      if (!continues(text, i + k)) return i;
      code = code << 6 | (byte_at(text, i + k) & 0x3F);
    }
    if (code < least || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) return i;
    i += length;
  }
  return std::nullopt;
}

size_t characters(std::string_view text) {
  size_t count = 0;
  for (size_t i = 0; i < text.size(); ++i) count += !continues(text, i);
  return count;
}

std::string_view first_characters(std::string_view text, size_t count) {
  size_t i = 0;
  while (i < text.size() && count-- > 0) {
    ++i;
    while (continues(text, i)) ++i;
  }
  return text.substr(0, i);
}

}  // namespace mlrun::config
