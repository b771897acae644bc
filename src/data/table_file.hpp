// One file of rows of symbols, in any of the formats that the table kind reads.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "data/symbol_table.hpp"

namespace mlrun {

struct TableSource {
  enum class Format { kText, kNpy, kHdf5 };
  Format format = Format::kText;
  std::string file;     // without the dataset's path
  std::string dataset;  // inside an .h5 file
};

// From "train.amat.gz", "data.npy", "file.h5:/group/rows". What was expected, or "" when it is well formed.
std::string check_table_source(const std::string& text);
TableSource parse_table_source(const std::string& text);  // after the check

// Symbols 0 .. largest; [rows, width], both at least 1. Error(kData) naming file and place.
// What looks like a mistake in the file is added to `warnings`. Beyond 64 MiB, a text or .npy file and its rows are kept
// in `folder` and mapped from there ("": in memory).
SymbolTable read_table(const TableSource& source, int32_t largest, std::vector<std::string>& warnings,
                       const std::string& folder);

}  // namespace mlrun
