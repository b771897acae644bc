// Which character each symbol of a text stands for.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mlrun {

enum class TextUnit : uint8_t { kBytes, kCharacters };  // characters: code points of UTF-8
const char* name_of(TextUnit unit);                     // "bytes", "characters"

// Symbol s is the s-th of the codes, which ascend: bytes, or code points of UTF-8.
class Vocabulary {
 public:
  Vocabulary() = default;
  Vocabulary(TextUnit unit, std::vector<int64_t> codes);
  static Vocabulary of(std::string_view text, TextUnit unit);  // every character that comes in it

  TextUnit unit() const { return unit_; }
  const std::vector<int64_t>& codes() const { return codes_; }
  int64_t size() const { return static_cast<int64_t>(codes_.size()); }

  std::string text(std::span<const int32_t> symbols) const;
  std::string all() const;  // each of them as a person sees it in a message
  // Error(kUsage) for a character that is none of these; `what` names the text: "--prompt".
  std::vector<int32_t> symbols(std::string_view text, const std::string& what) const;

 private:
  TextUnit unit_ = TextUnit::kBytes;
  std::vector<int64_t> codes_;
};

// The codes of a text one after the other. kCharacters: the text must be well-formed UTF-8
// (config::first_invalid_utf8).
std::vector<int64_t> codes_of(std::string_view text, TextUnit unit);

}  // namespace mlrun
