#include "data/text_file.hpp"

#include <algorithm>
#include <functional>
#include <optional>
#include <vector>

#include "base/error.hpp"
#include "config/unicode.hpp"
#include "data/cache.hpp"
#include "data/number_text.hpp"
#include "io/gzip.hpp"
#include "io/sha256.hpp"

namespace mlrun {
namespace {

constexpr uint64_t kMaxBytes = uint64_t{1} << 40;
constexpr int64_t kMaxAlphabet = 65536, kMaxCode = 0x10ffff;
constexpr int64_t kAtOnce = 1 << 18;  // characters

// How many bytes at the end of the text begin a character that goes on behind it.
size_t unfinished(std::string_view text) {
  for (size_t back = 1; back <= std::min<size_t>(3, text.size()); ++back) {
    const auto byte = static_cast<unsigned char>(text[text.size() - back]);
    if ((byte & 0xc0) == 0x80) continue;
    const size_t length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return length > back ? back : 0;
  }
  return 0;
}

void put(std::string& out, int64_t value) {
  for (int shift = 0; shift < 64; shift += 8) out.push_back(static_cast<char>(value >> shift & 0xff));
}

// The packed form: how many symbols there are, which characters they are, how many characters follow, and these, a byte
// or two each.
using Take = std::function<void(std::string_view)>;
void pack(const std::string& path, TextUnit unit, const std::function<void(const Take&)>& pieces,
          const ByteSink& sink) {
  std::vector<bool> seen(kMaxCode + 1);
  int64_t size = 0;
  pieces([&](std::string_view text) {
    for (const int64_t code : codes_of(text, unit)) {
      seen[static_cast<size_t>(code)] = true;
      ++size;
    }
  });
  std::vector<uint16_t> symbol_of(kMaxCode + 1);
  std::string header, codes;
  int64_t alphabet = 0;
  for (int64_t code = 0; code <= kMaxCode; ++code) {
    if (!seen[static_cast<size_t>(code)]) continue;
    symbol_of[static_cast<size_t>(code)] = static_cast<uint16_t>(alphabet++);
    put(codes, code);
  }
  if (alphabet < 2 || alphabet > kMaxAlphabet) {
    fail(ExitCode::kData, "{}: found {} different {}, expected 2 to {}{}", path, alphabet, name_of(unit), kMaxAlphabet,
         alphabet > kMaxAlphabet ? "\n  fewer symbols   data.symbols=bytes" : "");
  }
  put(header, alphabet);
  header += codes;
  put(header, size);
  sink(io::bytes_of(header));
  const auto changed = [&] { fail(ExitCode::kData, "{}: it changed while it was read; once more, please", path); };
  int64_t packed = 0;
  std::string bytes;
  pieces([&](std::string_view text) {
    bytes.clear();
    for (const int64_t code : codes_of(text, unit)) {
      if (!seen[static_cast<size_t>(code)]) changed();
      const unsigned symbol = symbol_of[static_cast<size_t>(code)];
      bytes.push_back(static_cast<char>(symbol & 0xff));
      if (alphabet > 256) bytes.push_back(static_cast<char>(symbol >> 8));
      ++packed;
    }
    sink(io::bytes_of(bytes));
  });
  if (packed != size) changed();
}

int64_t number_at(std::span<const std::byte> bytes, size_t at) {
  require(at + 8 <= bytes.size(), "a packed text of {} bytes", bytes.size());
  uint64_t value = 0;
  for (size_t i = 0; i < 8; ++i) value |= static_cast<uint64_t>(bytes[at + i]) << (8 * i);
  return static_cast<int64_t>(value);
}

}  // namespace

void each_text_piece(const std::string& path, TextUnit unit, const std::function<void(std::string_view)>& take) {
  io::PieceReader reader(path, kMaxBytes);
  std::string kept;  // what a piece began and did not end
  uint64_t before = 0;
  for (bool first = true, more = true; more; first = false) {
    const auto piece = reader.next();
    more = !piece.empty();
    kept.append(reinterpret_cast<const char*>(piece.data()), piece.size());
    std::string_view text = kept;
    if (unit == TextUnit::kCharacters) {
      if (first) text = unmarked_text(text, path);
      if (more) text.remove_suffix(unfinished(text));
      if (const auto bad = config::first_invalid_utf8(text)) {
        fail(ExitCode::kData, "{}: byte {} is not UTF-8\n  take it as it is   data.symbols=bytes", path, before + *bad);
      }
    }
    take(text);
    before += text.size();
    kept.erase(0, static_cast<size_t>(text.data() - kept.data()) + text.size());
  }
}

TextFile::TextFile(const std::string& path, TextUnit unit, const std::string& cache)
    : TextFile(path, {"text", name_of(unit), {path}}, unit, cache,
               [&](const Take& take) { each_text_piece(path, unit, take); }) {}

TextFile::TextFile(const Documents& documents, TextUnit unit, const std::string& cache)
    : TextFile(documents.files.front(), {"text", fmt::format("documents {}", name_of(unit)), documents.files}, unit,
               cache, [&](const Take& take) { each_document(documents, unit, take); }) {}

TextFile::TextFile(const std::string& name, const CacheKey& key, TextUnit unit, const std::string& cache,
                   const Pieces& pieces) {
  const PackedBytes packed = cached_bytes(cache, key, [&](const ByteSink& sink) { pack(name, unit, pieces, sink); });
  const int64_t alphabet = number_at(packed.bytes, 0);
  require(alphabet >= 2 && alphabet <= kMaxAlphabet, "a packed text of {} symbols", alphabet);
  std::vector<int64_t> codes(static_cast<size_t>(alphabet));
  size_t at = 8;
  for (int64_t& code : codes) code = number_at(packed.bytes, at), at += 8;
  const int64_t size = number_at(packed.bytes, at);
  vocabulary_ = Vocabulary(unit, std::move(codes));
  symbols_ = SymbolTable(packed.owner, packed.bytes.subspan(at + 8), size, 1, alphabet > 256 ? 16 : 8);
}

void TextFile::symbols(int64_t begin, std::span<int32_t> to) const {
  const auto end = begin + static_cast<int64_t>(to.size());
  require(begin >= 0 && end <= size(), "characters {} to {} of a text of {}", begin, end, size());
  symbols_.unpack_flat(begin, to);
}

std::string TextFile::hash(std::string_view before) const {
  io::Sha256 sha;
  sha.update(before);
  std::vector<int32_t> symbols;
  for (int64_t begin = 0; begin < size(); begin += kAtOnce) {
    symbols.resize(static_cast<size_t>(std::min(kAtOnce, size() - begin)));
    this->symbols(begin, symbols);
    sha.update(vocabulary_.text(symbols));
    symbols_.pass_over(symbols_.bytes().size() / static_cast<size_t>(size()) *
                       static_cast<size_t>(begin + std::ssize(symbols)));
  }
  return sha.hex();
}

}  // namespace mlrun
