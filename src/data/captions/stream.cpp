#include "data/captions/stream.hpp"

#include <algorithm>
#include <utility>

#include "base/error.hpp"

namespace mlrun {

CaptionStream::CaptionStream(const DataSpec& picture, Vocabulary characters, int64_t longest)
    : picture_{.shape = picture.shape, .alphabet = picture.alphabet}, characters_(std::move(characters)) {
  parts_ = {.words = longest, .picture = picture_.positions(), .words_border = end() + 1, .picture_border = end() + 2};
}

DataSpec CaptionStream::spec() const {
  DataSpec spec = {.shape = {parts_.positions()}, .alphabet = parts_.picture_border + 1};
  spec.parts = parts_;
  return spec;
}

bool CaptionStream::operator==(const CaptionStream& other) const {
  return picture_.shape == other.picture_.shape && picture_.alphabet == other.picture_.alphabet &&
         characters_.codes() == other.characters_.codes() && parts_.words == other.parts_.words;
}

std::vector<int32_t> CaptionStream::words_of(const std::string& caption, const std::string& what) const {
  std::vector<int32_t> words;
  try {
    words = characters_.symbols(caption, what);
  } catch (const Error& e) {
    throw Error(e.code(), fmt::format("{}\n  the characters of its captions   {}", e.what(), characters_.all()));
  }
  if (static_cast<int64_t>(words.size()) > parts_.words) {
    fail(ExitCode::kUsage, "{}: '{}' has {} characters, and the captions that the model was trained on have {} at most",
         what, caption, words.size(), parts_.words);
  }
  for (int32_t& symbol : words) symbol += static_cast<int32_t>(picture_.alphabet);
  words.resize(static_cast<size_t>(parts_.words), end());
  return words;
}

void CaptionStream::join(std::span<const int32_t> words, std::span<const int32_t> picture, bool picture_first,
                         std::span<int32_t> stream) const {
  const auto words_at = parts_.words_at(picture_first), picture_at = parts_.picture_at(picture_first);
  stream[static_cast<size_t>(words_at - 1)] = parts_.words_border;
  stream[static_cast<size_t>(picture_at - 1)] = parts_.picture_border;
  std::copy(words.begin(), words.end(), stream.begin() + words_at);
  std::copy(picture.begin(), picture.end(), stream.begin() + picture_at);
}

std::vector<int32_t> CaptionStream::beginning_with_words(std::span<const int32_t> words) const {
  std::vector<int32_t> begun = {parts_.words_border};
  begun.insert(begun.end(), words.begin(), words.end());
  begun.push_back(parts_.picture_border);
  return begun;
}

std::vector<int32_t> CaptionStream::beginning_with_picture(std::span<const int32_t> picture) const {
  std::vector<int32_t> begun = {parts_.picture_border};
  begun.insert(begun.end(), picture.begin(), picture.end());
  begun.push_back(parts_.words_border);
  return begun;
}

CaptionStream::Reading CaptionStream::read(std::span<const int32_t> stream) const {
  require(static_cast<int64_t>(stream.size()) == parts_.positions(), "a stream of {} symbols, expected {}",
          stream.size(), parts_.positions());
  const bool picture_first = stream[0] == parts_.picture_border;
  const auto words_at = static_cast<size_t>(parts_.words_at(picture_first));
  const auto picture_at = static_cast<size_t>(parts_.picture_at(picture_first));
  const auto levels = static_cast<int32_t>(picture_.alphabet);
  Reading reading;
  reading.whole = stream[words_at - 1] == parts_.words_border && stream[picture_at - 1] == parts_.picture_border;
  std::vector<int32_t> characters;
  bool ended = false;
  for (const int32_t symbol : stream.subspan(words_at, static_cast<size_t>(parts_.words))) {
    const bool character = symbol >= levels && symbol < end();
    reading.whole = reading.whole && (symbol == end() || (character && !ended));
    ended = ended || !character;
    if (!ended) characters.push_back(symbol - levels);
  }
  reading.caption = characters_.text(characters);
  for (const int32_t symbol : stream.subspan(picture_at, static_cast<size_t>(parts_.picture))) {
    reading.whole = reading.whole && symbol < levels;
    reading.picture.push_back(symbol < levels ? symbol : 0);
  }
  return reading;
}

}  // namespace mlrun
