// Rows of small whole numbers in a text file: .amat, .csv.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "data/symbol_table.hpp"

namespace mlrun {

// One row a line, all of one width, as data/number_text.hpp reads them; names of columns are passed over. Numbers are
// whole, 0 .. largest; 1.0 and 1.000e+00 (as numpy.savetxt writes) are whole too. A ragged row, a number out of range:
// Error(kData) naming `name`, line, column, what was found and what was expected. A first row or column that looks like
// pandas' own numbers of columns and rows is read as symbols, and told of in `warnings`, each with its remedy. `folder`: of SymbolTableBuilder.
SymbolTable parse_text_table(std::string_view text, const std::string& name, int32_t largest = 65535,
                             std::vector<std::string>* warnings = nullptr, const std::string& folder = "");

}  // namespace mlrun
