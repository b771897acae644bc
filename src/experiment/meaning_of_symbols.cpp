#include "experiment/meaning_of_symbols.hpp"

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.hpp"

namespace mlrun {
namespace {

Vocabulary read_vocabulary(const io::Hdf5Reader& file, const std::string& path, int64_t alphabet) {
  const std::string unit_name = file.text_attribute(path, "unit");
  const TextUnit unit = unit_name == name_of(TextUnit::kBytes) ? TextUnit::kBytes : TextUnit::kCharacters;
  std::vector<int64_t> codes = file.integers(path);
  const int64_t most = unit == TextUnit::kBytes ? 0xff : 0x10ffff;
  bool fine = unit_name == name_of(unit) && static_cast<int64_t>(codes.size()) == alphabet;
  for (size_t i = 0; i < codes.size(); ++i)
    fine = fine && codes[i] >= 0 && codes[i] <= most && (i == 0 || codes[i] > codes[i - 1]);
  if (!fine) {
    fail(ExitCode::kCheckpoint, "{}: /{} holds no {} ascending codes of {}", file.name(), path, alphabet, unit_name);
  }
  return {unit, std::move(codes)};
}

CaptionStream read_caption_stream(const io::Hdf5Reader& file, const std::string& data, const DataSpec& found) {
  const std::string path = data + "/captions";
  const std::vector<int64_t> codes = file.integers(path), shape = file.integers(data + "/picture");
  const int64_t longest = file.integer_attribute(path, "longest"), levels = file.integer_attribute(path, "levels");
  constexpr int64_t kMost = 1 << 24;
  const auto within = [](int64_t number) { return number >= 1 && number <= kMost; };
  bool fine = shape.size() == 2 && within(shape[0]) && within(shape[1]) && within(longest) && within(levels);
  for (size_t i = 0; i < codes.size(); ++i)
    fine = fine && codes[i] >= 0 && codes[i] <= 0x10ffff && (i == 0 || codes[i] > codes[i - 1]);
  if (fine) {
    const CaptionStream stream({.shape = shape, .alphabet = levels}, Vocabulary(TextUnit::kCharacters, codes), longest);
    if (stream.spec().shape == found.shape && stream.spec().alphabet == found.alphabet) return stream;
  }
  fail(ExitCode::kCheckpoint, "{}: /{} holds no captions and pictures for streams of shape {} with {} symbols",
       file.name(), path, to_string(found.shape), found.alphabet);
}

}  // namespace

void write_meaning(io::Hdf5Writer& file, const std::string& data, const CheckpointIdentity& identity) {
  if (const auto& vocabulary = identity.vocabulary) {
    file.dataset(data + "/vocabulary", vocabulary->codes());
    file.attribute(data + "/vocabulary", "unit", std::string_view(name_of(vocabulary->unit())));
  }
  if (const auto& stream = identity.caption_stream) {
    file.dataset(data + "/captions", stream->characters().codes());
    file.attribute(data + "/captions", "longest", stream->parts().words);
    file.attribute(data + "/captions", "levels", stream->picture().alphabet);
    file.dataset(data + "/picture", stream->picture().shape);
  }
}

void read_meaning(const io::Hdf5Reader& file, const std::string& data, CheckpointIdentity& identity) {
  if (file.has(data + "/vocabulary"))
    identity.vocabulary = read_vocabulary(file, data + "/vocabulary", identity.data.alphabet);
  if (!file.has(data + "/captions")) return;
  identity.caption_stream = read_caption_stream(file, data, identity.data);
  identity.data.parts = identity.caption_stream->parts();
}

}  // namespace mlrun
