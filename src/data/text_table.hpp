// Rows of small whole numbers in a text file: .amat, .csv.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "data/symbol_table.hpp"
#include "data/table_file.hpp"

namespace mlrun {

// One row a line, all of one width, as data/number_text.hpp reads them. Numbers are whole, 0 .. largest; 1.0 and
// 1.000e+00 (as numpy.savetxt writes) are whole too. A ragged row, a number out of range: Error(kData) naming `name`,
// line, column, what was found and what was expected. A first row or column that looks like pandas' own numbers of
// columns and rows is read as symbols, and told of in `warnings`, each with its remedy. The column of labels may hold
// words.
TableRows parse_text_rows(std::string_view text, const std::string& name, const RowReading& reading);
// The same of symbols alone.
SymbolTable parse_text_table(std::string_view text, const std::string& name, int32_t largest = 65535);

// The index of the column that `column` names: a name of the first row, or a number from 1. Error(kUsage) listing them.
size_t label_column_index(const std::string& column, const std::vector<std::string>& header, size_t columns,
                          const std::string& file);

}  // namespace mlrun
