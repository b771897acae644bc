#include "base/printable.hpp"

#include <fmt/format.h>

namespace mlrun {

std::string printable(std::string_view text, std::string_view keep) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    const auto next = i + 1 < text.size() ? static_cast<unsigned char>(text[i + 1]) : 0U;
    if (c == 0xC2 && next >= 0x80 && next < 0xA0) {  // C1: U+009B alone begins an escape sequence
      out += fmt::format("\\x{:02x}", next);
      ++i;
    } else if ((c >= 0x20 && c != 0x7F) || keep.find(text[i]) != std::string_view::npos) {
      out += text[i];
    } else {
      out += c == '\n' ? "\\n" : c == '\t' ? "\\t" : fmt::format("\\x{:02x}", c);
    }
  }
  return out;
}

}  // namespace mlrun
