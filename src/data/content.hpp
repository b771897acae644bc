// What a data set holds before any random binarization, and its form in a packed file.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "data/dataset.hpp"
#include "data/symbol_table.hpp"
#include "io/bytes.hpp"
#include "symbols/data_names.hpp"

namespace mlrun {

struct DataContent {
  DataSpec spec;
  struct Part {
    SymbolTable symbols;          // [rows, spec.positions()]
    std::vector<uint8_t> labels;  // one a row, or none
  };
  std::array<Part, 3> parts;          // by Split
  std::string hash;                   // SHA-256 (hex) of all of the above
  DataNames names;                    // of classes and columns; no part of the hash, and never packed
  std::vector<std::string> warnings;  // for the user: what was found that looks like a mistake, and the remedy

  const Part& part(Split split) const { return parts[static_cast<size_t>(split)]; }
  Part& part(Split split) { return parts[static_cast<size_t>(split)]; }
};

void set_hash(DataContent& content);

// How many rows of each split to use, from the front; nothing: all.
struct RowLimits {
  explicit RowLimits(config::Reader& spec);  // train_limit, valid_limit, test_limit
  RowLimits() = default;
  std::array<std::optional<int64_t>, 3> rows;
  bool any() const { return rows[0] || rows[1] || rows[2]; }
  std::string words() const;  // ", first 1000/100/all rows", or ""
};
DataContent limited(DataContent content, const RowLimits& limits);  // with the hash of what is left

// The content as one block of bytes, which may be written part by part: a small header, then the tables, then the
// labels. The hash is that of these bytes.
std::string content_header(const DataContent& content);
std::vector<std::span<const std::byte>> content_body(const DataContent& content);
// The reverse; the tables stay in `bytes`, which `owner` keeps. Nothing where the bytes are no content.
std::optional<DataContent> unpack_content(std::shared_ptr<const io::Bytes> owner, std::span<const std::byte> bytes);

}  // namespace mlrun
