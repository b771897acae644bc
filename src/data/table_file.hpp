// One file of rows of symbols, in any of the formats that the table kind reads.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "data/label_values.hpp"
#include "data/symbol_table.hpp"
#include "data/table_source.hpp"

namespace mlrun {

// Which rows, and what of them is no symbol.
struct RowReading {
  int32_t largest = 65535;                       // symbols are 0 .. largest
  std::vector<std::string>* warnings = nullptr;  // what looks like a mistake in the file is added
  // Beyond 64 MiB, a text or .npy file and its rows are kept here and mapped ("": in memory).
  std::string folder = {};
  // The column that holds the class of each row: its name in the first row of a text, or its number from 1; "": none.
  std::string label_column = {};
};

struct TableRows {
  SymbolTable symbols;  // [rows, width], both at least 1, without the column of labels
  LabelValues labels;   // of each row, where a column of them was asked for
};

// Error(kData) naming file and place; Error(kUsage) for a column of labels that is not there.
TableRows read_table(const TableSource& source, const RowReading& reading);
// The names in the first row of a text, without that of the column of labels; none where there are no names.
std::vector<std::string> column_names(const TableSource& source, const std::string& label_column);

}  // namespace mlrun
