// A text file as symbols, piece by piece: never more of it in memory than a piece, and one or two bytes a character
// where it is kept, which is a packed copy that is mapped (data/cache.hpp).
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "data/cache.hpp"
#include "data/documents.hpp"
#include "data/symbol_table.hpp"
#include "data/vocabulary.hpp"

namespace mlrun {

// Hands a text over piece by piece, each of whole characters and checked. Error(kData) as TextFile says.
void each_text_piece(const std::string& path, TextUnit unit, const std::function<void(std::string_view)>& take);

class TextFile {
 public:
  TextFile() = default;
  // The text at `path`, plain or .gz, whose vocabulary is what comes in it. UTF-8 for kCharacters, behind a byte order
  // mark or not. `cache`: the folder for packed copies, or "" for memory. Error(kData): bytes that are not UTF-8, fewer
  // than 2 different symbols or more than 65536, a file that changes while it is read.
  TextFile(const std::string& path, TextUnit unit, const std::string& cache);

  const Vocabulary& vocabulary() const { return vocabulary_; }
  int64_t size() const { return symbols_.rows(); }  // characters
  void symbols(int64_t begin, std::span<int32_t> to) const;
  // Documents, with kEndOfDocument behind each (data/documents.hpp), likewise.
  TextFile(const Documents& documents, TextUnit unit, const std::string& cache);
  // SHA-256 (hex) of `before` and the text as UTF-8 or bytes, without a byte order mark.
  std::string hash(std::string_view before) const;

 private:
  using Pieces = std::function<void(const std::function<void(std::string_view)>& take)>;
  TextFile(const std::string& name, const CacheKey& key, TextUnit unit, const std::string& cache, const Pieces& pieces);
  Vocabulary vocabulary_;
  SymbolTable symbols_;  // [characters, 1]
};

}  // namespace mlrun
