// Documents, one after the other, as one text with a sign behind each.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "data/vocabulary.hpp"

namespace mlrun {

// U+0003, END OF TEXT: what a document ends with. It comes in no document.
inline constexpr char kEndOfDocument = '\x03';

struct Documents {
  std::vector<std::string> files;
  bool json_lines = false;  // each line of the file is a document: a string, or an object with a string "text"
};

// The files of a folder in the order of their names, without hidden ones, each a document; or a file whose name ends in
// .jsonl or .jsonl.gz. Error(kData) where there is nothing, `place` being that of the choice in the spec.
Documents find_documents(const std::string& path, const std::string& place);

// Hands the documents over, piece by piece, each of whole characters, and kEndOfDocument behind each that is not empty.
// Error(kData) naming file and line: no UTF-8 (of TextUnit::kCharacters), a line that is no such JSON, a document that
// holds kEndOfDocument.
void each_document(const Documents& documents, TextUnit unit, const std::function<void(std::string_view)>& take);

}  // namespace mlrun
