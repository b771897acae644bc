#include "data/vocabulary.hpp"

#include <algorithm>
#include <utility>

#include "base/error.hpp"
#include "config/unicode.hpp"

namespace mlrun {
namespace {

void append_utf8(std::string& text, int64_t code) {
  const auto byte = [&](int64_t value) { text.push_back(static_cast<char>(value)); };
  if (code < 0x80) {
    byte(code);
  } else if (code < 0x800) {
    byte(0xc0 | code >> 6);
    byte(0x80 | (code & 0x3f));
  } else if (code < 0x10000) {
    byte(0xe0 | code >> 12);
    byte(0x80 | (code >> 6 & 0x3f));
    byte(0x80 | (code & 0x3f));
  } else {
    byte(0xf0 | code >> 18);
    byte(0x80 | (code >> 12 & 0x3f));
    byte(0x80 | (code >> 6 & 0x3f));
    byte(0x80 | (code & 0x3f));
  }
}

// As a person sees it in a message.
std::string shown(int64_t code, TextUnit unit) {
  std::string text;
  if (code >= 0x20 && code != 0x7f && (unit == TextUnit::kCharacters || code < 0x7f)) append_utf8(text, code);
  return text.empty() ? fmt::format("{}{:02x}", unit == TextUnit::kBytes ? "byte 0x" : "U+00", code) : "'" + text + "'";
}

}  // namespace

const char* name_of(TextUnit unit) { return unit == TextUnit::kBytes ? "bytes" : "characters"; }

std::vector<int64_t> codes_of(std::string_view text, TextUnit unit) {
  std::vector<int64_t> codes;
  codes.reserve(text.size());
  for (size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i++]);
    if (unit == TextUnit::kBytes || lead < 0x80) {
      codes.push_back(lead);
      continue;
    }
    const int more = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : 1;
    int64_t code = lead & (0x3f >> more);
    for (int k = 0; k < more && i < text.size(); ++k) code = code << 6 | (static_cast<unsigned char>(text[i++]) & 0x3f);
    codes.push_back(code);
  }
  return codes;
}

Vocabulary::Vocabulary(TextUnit unit, std::vector<int64_t> codes) : unit_(unit), codes_(std::move(codes)) {
  const int64_t most = unit == TextUnit::kBytes ? 0xff : 0x10ffff;
  for (size_t i = 0; i < codes_.size(); ++i) {
    require(codes_[i] >= 0 && codes_[i] <= most && (i == 0 || codes_[i] > codes_[i - 1]),
            "code {} at place {} of a vocabulary of {}", codes_[i], i, name_of(unit));
  }
}

Vocabulary Vocabulary::of(std::string_view text, TextUnit unit) {
  std::vector<int64_t> codes = codes_of(text, unit);
  std::sort(codes.begin(), codes.end());
  codes.erase(std::unique(codes.begin(), codes.end()), codes.end());
  return {unit, std::move(codes)};
}

std::string Vocabulary::text(std::span<const int32_t> symbols) const {
  std::string text;
  for (const int32_t s : symbols) {
    require(s >= 0 && s < size(), "symbol {} of a vocabulary of {}", s, size());
    const int64_t code = codes_[static_cast<size_t>(s)];
    if (unit_ == TextUnit::kBytes) text.push_back(static_cast<char>(code));
    else append_utf8(text, code);
  }
  return text;
}

std::string Vocabulary::all() const {
  std::string all;
  for (const int64_t code : codes_) all += (all.empty() ? "" : " ") + shown(code, unit_);
  return all;
}

std::vector<int32_t> Vocabulary::symbols(std::string_view text, const std::string& what) const {
  if (unit_ == TextUnit::kCharacters) {
    if (const auto bad = config::first_invalid_utf8(text))
      fail(ExitCode::kUsage, "{}: byte {} is not UTF-8, and this model is of characters", what, *bad);
  }
  std::vector<int32_t> symbols;
  for (const int64_t code : codes_of(text, unit_)) {
    const auto found = std::lower_bound(codes_.begin(), codes_.end(), code);
    if (found == codes_.end() || *found != code) {
      fail(ExitCode::kUsage, "{}: {} at place {} is not among the {} {} of the text that the model was trained on",
           what, shown(code, unit_), symbols.size(), size(), name_of(unit_));
    }
    symbols.push_back(static_cast<int32_t>(found - codes_.begin()));
  }
  return symbols;
}

}  // namespace mlrun
